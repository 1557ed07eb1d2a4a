"""Which failure it is that a database's driver has raised."""

import sqlite3
import time

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ResourceClosedError

from adapters.failures import Clashed, Contended, Held, Interrupted, Stalled, TookTooLong, Unavailable

_CLASHED = {
    "23505",  # unique_violation
    # Of prepared statements, which a rollback makes the driver forget:
    "0A000",  # feature_not_supported: the table was altered since
    "26000",  # invalid_sql_statement_name: somebody has deallocated it
    "42P05",  # duplicate_prepared_statement: a pooler gave us another's session
}
_CANCELLED = "57014"  # query_canceled: by statement_timeout, or by somebody
_CONTENDED = {
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
}
_HELD = "55P03"  # lock_not_available
_STALLED = "25P03"  # idle_in_transaction_session_timeout
_UNAVAILABLE = {
    "42501",  # insufficient_privilege: who runs the database has forgotten a GRANT
    "3F000",  # invalid_schema_name: a backup is being restored, as with the next two
    "42P01",  # undefined_table
    "42703",  # undefined_column
}
_UNAVAILABLE_CLASSES = {
    "08",  # connection exception
    "25",  # invalid transaction state; read_only_sql_transaction
    "53",  # insufficient resources: disk, memory, connections
    "57",  # operator intervention: shutdown, crash, starting up
    "58",  # system error: input and output
}
_SQLITE_CLASHED = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
_SQLITE_HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_UNAVAILABLE = ("no such table", "no such column")  # which have no error code of their own
_SQLITE_BUGS = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_MISUSE,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_CONSTRAINT,
}

_BEGUN = "spcm_begun"
"""In a connection's info: when its last statement began, by the monotonic clock."""


def translate_failures(engine: Engine, statement_timeout: float) -> None:
    """Make the engine raise `Unavailable` and `Contended`; what it raises besides is a bug of ours.

    `statement_timeout`: the seconds after which the database ends a statement.
    """

    def note_begin(connection: Connection, *_: object) -> None:
        connection.info[_BEGUN] = time.monotonic()

    def translate(context: ExceptionContext) -> Interrupted | None:
        begun = context.connection.info.get(_BEGUN, 0.0) if context.connection else 0.0
        # The database's clock may be faster.
        return _translate(context, overdue=time.monotonic() - begun >= 0.9 * statement_timeout)

    event.listen(engine, "before_cursor_execute", note_begin)
    event.listen(engine, "handle_error", translate)
    _translate_initialization(engine)


def _translate_initialization(engine: Engine) -> None:
    """A first connection that is lost while SQLAlchemy asks what server it is may raise an error of SQLAlchemy's."""
    initialize = engine.dialect.initialize

    def initialize_or_wait(connection: Connection) -> None:
        try:
            initialize(connection)
        except ResourceClosedError as closed:
            raise Unavailable(f"{engine.name}: the session ended as it began") from closed

    engine.dialect.initialize = initialize_or_wait  # type: ignore[method-assign]  # it has no event that may raise


def _translate(context: ExceptionContext, *, overdue: bool) -> Interrupted | None:
    """What SQLAlchemy raises instead; None: what it would have raised anyway."""
    cause = context.original_exception
    kind = _kind_of(cause, disconnected=context.is_disconnect)
    if kind is TookTooLong and not overdue:
        kind = Contended  # somebody else has cancelled it
    if kind is not None and issubclass(kind, Unavailable) and not context.is_disconnect:
        # What the session was given when it began (read-only, a role, a search path) ends only with it.
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
    return None if kind is None else kind(_words(cause))


def _words(cause: BaseException) -> str:
    # What a server says about a statement may hold what is in a row; what is said about a connection does not.
    name = type(cause).__name__
    if isinstance(cause, sqlite3.Error):
        return f"SQLite: {name} {getattr(cause, 'sqlite_errorname', '')}".rstrip()
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    if isinstance(cause, psycopg.Error) and state in _UNAVAILABLE:  # these name what is missing, and no more
        return f"PostgreSQL: {name} {state} {cause.diag.message_primary or ''}".rstrip()
    return f"PostgreSQL: {name} {state or ' '.join(str(cause).split())}"


def _kind_of(cause: BaseException, *, disconnected: bool) -> type[Interrupted] | None:
    if isinstance(cause, sqlite3.Error):
        return _kind_of_sqlite(cause)
    if not isinstance(cause, psycopg.Error):
        return None
    state = cause.sqlstate
    if state in _CLASHED:
        return Clashed
    if state == _CANCELLED:
        return TookTooLong
    if state == _STALLED:
        return Stalled
    if state == _HELD:
        return Held
    if state in _CONTENDED:
        return Contended
    if disconnected or (state is None and isinstance(cause, psycopg.OperationalError)):
        return Unavailable
    if state is not None and (state in _UNAVAILABLE or state[:2] in _UNAVAILABLE_CLASSES):
        return Unavailable
    return None


def _kind_of_sqlite(cause: sqlite3.Error) -> type[Interrupted] | None:
    if str(cause).startswith(_SQLITE_UNAVAILABLE):
        return Unavailable
    extended = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if extended in _SQLITE_CLASHED:
        return Clashed
    code = extended & 0xFF
    if code in _SQLITE_HELD:
        return Held
    return None if code in _SQLITE_BUGS else Unavailable
