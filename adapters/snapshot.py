"""Reading much, as it is at one moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, text

from adapters.sqlite import READS


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one moment however long it lasts, and keeps no worker waiting."""
    if engine.dialect.name == "postgresql":
        options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.execution_options(**options).begin() as connection:
            # Whoever reads what is exported may take their time.
            connection.execute(text("set local idle_in_transaction_session_timeout = 0"))
            connection.execute(text("set local statement_timeout = 0"))
            yield connection
    else:
        # Of SQLite's write-ahead log, a reader sees what was committed when it began.
        with engine.execution_options(**READS).begin() as connection:
            yield connection
