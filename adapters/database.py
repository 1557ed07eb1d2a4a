"""Engines: PostgreSQL through psycopg 3, SQLite as the embedded default."""

import sqlite3
from pathlib import Path
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DisconnectionError

from adapters.failures import translate_failures
from adapters.tls import verified

APPLICATION = "spcm"
"""What PostgreSQL calls our sessions."""

LOCK_TIMEOUT = 2_000
"""Milliseconds that a statement waits for a row; then the batch is tried again."""

IDLE_TIMEOUT = 3_000
"""Milliseconds after which PostgreSQL ends the session, and frees the partition, of a process that was stopped."""

BUSY_TIMEOUT = 5_000
"""Milliseconds that a writer of SQLite waits for another one, whose lock nobody else must hold for long."""

READS = {"spcm_reads": True}
"""Execution options of a connection that only reads, and so must not keep SQLite's one writer out."""


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
    """The same PostgreSQL URL. Raises WrongDatabaseUrl for parameters that libpq does not know."""
    try:
        make_conninfo(**url.get_dialect()().create_connect_args(url)[1])
    except (ArgumentError, ProgrammingError) as error:
        raise WrongDatabaseUrl(f"the database URL is wrong: {error}") from None
    return url


def make_engine(text: str, *, statement_timeout: int = 20_000) -> Engine:
    """An engine for the process that calls it; `statement_timeout` in milliseconds. Raises WrongDatabaseUrl."""
    url = database_url(text)
    make = _sqlite_engine if url.get_backend_name() == "sqlite" else _postgresql_engine
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
    keepalive = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    engine = create_engine(
        url,
        connect_args={"options": options, "connect_timeout": 5, "application_name": APPLICATION, **keepalive},
        pool_size=2,
        max_overflow=8,
        hide_parameters=True,  # of a statement that is wrong: they would be in the log
        pool_pre_ping=False,  # a lost connection is an outage like any other, and the batch is tried again
    )
    event.listen(engine, "connect", _lift_transaction_timeout)
    return engine


def _lift_transaction_timeout(connection: Any, _record: Any) -> None:
    # Not among the options: before 17 a server does not know it, and refuses sessions that begin with it.
    if connection.info.server_version >= 170_000:
        connection.autocommit = True
        connection.execute("SET transaction_timeout = 0")
        connection.autocommit = False


def _sqlite_engine(url: URL, statement_timeout: int) -> Engine:
    file = _SqliteFile(Path(url.database or "").absolute(), min(BUSY_TIMEOUT, statement_timeout) / 1000)
    engine = create_engine(url, creator=file.connect, hide_parameters=True)
    event.listen(engine, "connect", file.set_up)
    event.listen(engine, "checkout", file.require)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


class _SqliteFile:
    """The file at a path, and its write-ahead log.

    SQLite goes on in one that was removed or replaced, and all of that goes with the process.
    """

    def __init__(self, path: Path, timeout: float) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._timeout = timeout
        self._found = False

    def connect(self) -> sqlite3.Connection:
        """A new connection. Who has found the file there makes no empty one in its place."""
        mode = "rw" if self._found else "rwc"
        connection = sqlite3.connect(
            f"{self._path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,  # SQLAlchemy's pool gives it to one at a time
        )
        self._found = True
        return connection

    def set_up(self, connection: Any, record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # from now on there is a log
        record.info["files"] = _identity(self._path), _identity(self._log)

    def require(self, _connection: Any, record: Any, _proxy: Any) -> None:
        """Raises DisconnectionError, and SQLAlchemy connects again, where another file is at the path, or none."""
        if record.info["files"] != (_identity(self._path), _identity(self._log)):
            raise DisconnectionError


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _begin_sqlite(connection: Connection) -> None:
    # A plain BEGIN takes the writer's place only at the first write, and fails if another came in between.
    reads = connection.get_execution_options().get("spcm_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
