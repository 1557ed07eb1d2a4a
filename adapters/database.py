"""Engines: PostgreSQL through psycopg 3, or SQLite (adapters.sqlite), whichever the URL asks for."""

from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from adapters.database_failures import translate_failures
from adapters.sqlite import sqlite_engine
from adapters.tls import verified

APPLICATION = "spcm"
"""What PostgreSQL calls our sessions."""

LOCK_TIMEOUT = 2_000
"""Milliseconds that a statement waits for a row; then the batch is tried again."""

IDLE_TIMEOUT = 3_000
"""Milliseconds after which PostgreSQL ends the session, and frees the partition, of a process that was stopped."""

_CONNECTION = {
    "application_name": APPLICATION,
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

_UNREADABLE = (
    "the database URL cannot be read: postgresql://user:password@host/name is one, with %-escapes in the password"
)


class WrongDatabaseUrl(ValueError):
    """Raised when a database URL cannot be used; its words say why, and hold no password."""


def database_url(text: str) -> URL:
    """The URL with the driver that we use, and TLS as adapters.tls decides. Raises WrongDatabaseUrl."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # whose words can have a part of the password in them
        raise WrongDatabaseUrl(_UNREADABLE) from None
    if "@" in (url.host or ""):  # a driver would tell the rest of the password as a host that it cannot find
        raise WrongDatabaseUrl("the database URL has two @: write that of the password as %40")
    if url.get_backend_name() == "postgresql":
        return _known(verified(url.set(drivername="postgresql+psycopg")))
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:") and not url.query:
        return url.set(drivername="sqlite")
    raise WrongDatabaseUrl("the database must be postgresql://, or sqlite:// with a file and no parameters")


def _known(url: URL) -> URL:
    """The same PostgreSQL URL. Raises WrongDatabaseUrl for parameters that libpq does not know, or that we set."""
    try:
        make_conninfo(**url.get_dialect()().create_connect_args(url)[1])
    except (ArgumentError, ProgrammingError) as error:
        raise WrongDatabaseUrl(f"the database URL is wrong: {str(error).strip()}") from None
    ours = sorted({"options", *_CONNECTION} & set(url.query))
    if ours:
        schema = "; ALTER ROLE ... SET search_path chooses a schema" if "options" in ours else ""
        raise WrongDatabaseUrl(f"the database URL must leave out {', '.join(ours)}, which SPCM sets itself{schema}")
    return url


def make_engine(text: str, *, statement_timeout: int = 20_000) -> Engine:
    """An engine for the process that calls it; `statement_timeout` in milliseconds. Raises WrongDatabaseUrl."""
    url = database_url(text)
    make = sqlite_engine if url.get_backend_name() == "sqlite" else _postgresql_engine
    engine = make(url, statement_timeout)
    translate_failures(engine, statement_timeout / 1000)
    return engine


def _postgresql_engine(url: URL, statement_timeout: int) -> Engine:
    settings = {
        "statement_timeout": statement_timeout,
        # Well below it, so that who waits for somebody else is not taken for who works too long.
        "lock_timeout": min(LOCK_TIMEOUT, statement_timeout // 2),
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT,
        # A generic plan made while a table was empty stays in use while it grows to millions.
        "plan_cache_mode": "force_custom_plan",
        # A promise that an outcome told is a commit kept, whatever the server's own default.
        "synchronous_commit": "on",
        # What we write has all characters, whatever the environment says.
        "client_encoding": "UTF8",
        # A worker may be silent for as long as nobody sends anything.
        "idle_session_timeout": 0,
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    engine = create_engine(
        url,
        connect_args={"options": options, **_CONNECTION},
        pool_size=2,
        max_overflow=8,
        hide_parameters=True,  # of a statement that is wrong: they would be in the log
        pool_pre_ping=False,  # a lost connection is an outage like any other, and the batch is tried again
    )
    event.listen(engine, "connect", _lift_transaction_timeout)
    return engine


def has_our_settings(connection: Connection) -> bool:
    """Whether the session has our settings. A pooler that ignores them would leave us without any of these limits."""
    if connection.dialect.name != "postgresql":
        return True
    asked = "select setting::int from pg_settings where name = 'idle_in_transaction_session_timeout'"
    return connection.exec_driver_sql(asked).scalar() == IDLE_TIMEOUT


def _lift_transaction_timeout(connection: Any, _record: Any) -> None:
    # Not among the options: before 17 a server does not know it, and refuses sessions that begin with it.
    if connection.info.server_version >= 170_000:
        connection.autocommit = True
        connection.execute("SET transaction_timeout = 0")
        connection.autocommit = False
