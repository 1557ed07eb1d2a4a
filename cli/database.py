"""The database of the installation that a command is about."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL

from adapters.database import database_url, make_engine
from adapters.migrations import require_current
from adapters.settings import Settings
from adapters.sqlite import READS
from cli.problems import Problem, in_one_line

T = TypeVar("T")


@contextmanager
def database(chosen: Settings, *, reads: bool = False) -> Iterator[Connection]:
    """A transaction on a database with this version's schema; `reads`: one that keeps no worker waiting.

    Raises:
        Problem: there is no such database yet.
        NotReady: its schema is another version's.

    """
    require_database(chosen)
    with engine_of(chosen) as engine:
        seen = engine.execution_options(**READS) if reads else engine
        with seen.begin() as connection:
            require_current(connection)
            yield connection


def asked_of_database(chosen: Settings, question: Callable[[Connection], T]) -> tuple[T | None, str | None]:
    """The answer to what is only read; or None, and what is wrong in words, where the database cannot be asked."""
    try:
        with database(chosen, reads=True) as connection:
            return question(connection), None
    except Exception as error:
        words = in_one_line(error)
        if words is None:
            raise
        return None, words


def require_schema(chosen: Settings) -> None:
    """Raises what `database` raises."""
    with database(chosen, reads=True):
        pass


def close_database(chosen: Settings) -> None:
    """Leave SQLite's file whole: who closes it last takes the log into it.

    A log that workers have left behind would be laid over a backup that is put in the file's place.
    """
    if database_url(chosen.database).get_backend_name() == "sqlite":
        asked_of_database(chosen, lambda _: None)


@contextmanager
def engine_of(chosen: Settings) -> Iterator[Engine]:
    """An engine, gone afterwards. Raises WrongDatabaseUrl."""
    engine = make_engine(chosen.database)
    try:
        yield engine
    finally:
        engine.dispose()


def require_database(chosen: Settings) -> None:
    """Raises Problem where there is no database: SQLite would make an empty one."""
    url = database_url(chosen.database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        elsewhere = "correct SPCM_DATABASE_URL" if chosen.database_url else "name another folder with --data"
        raise Problem(f"there is no database {url.database}: run `spcm migrate` or `spcm up`, or {elsewhere}")


def without_password(database: str) -> str:
    """A database URL as people may see it."""
    url: URL = database_url(database)
    hidden = [name for name in url.query if "password" in name]
    shown = url.difference_update_query(hidden)._replace(drivername=url.get_backend_name(), password=None)
    return shown.render_as_string(hide_password=False)
