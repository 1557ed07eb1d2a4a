"""A tenant's resources, row by row, as they are at one moment."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, select, text

from adapters.database import READS
from adapters.tables import metadata
from adapters.users import require_tenant
from domain.resources import Kind

_ROWS_AT_ONCE = 2_000


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


def rows_of(
    connection: Connection, kind: Kind[Any], fields: Sequence[str], tenant: str, filters: Mapping[str, Any]
) -> Iterator[Sequence[Sequence[Any]]]:
    """These fields of the tenant's resources that have the filters' values, by key, some at a time.

    Raises:
        NoSuchTenant: there is none of this name.

    """
    require_tenant(connection, tenant)
    table = metadata.tables[kind.name]
    wanted = select(*(table.c[field] for field in fields)).where(table.c.tenant == tenant).order_by(table.c[kind.key])
    for name, value in filters.items():
        wanted = wanted.where(table.c[name] == value)
    yield from connection.execute(wanted.execution_options(yield_per=_ROWS_AT_ONCE)).partitions()
