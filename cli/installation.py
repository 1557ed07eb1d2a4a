"""The installation that a command is about: its settings, its data folder, its database, its Redis."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from cli.problems import Problem, in_one_line

if TYPE_CHECKING:
    import redis
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL

    from adapters.settings import Settings

T = TypeVar("T")


def choose_settings(data: Path | None) -> "Settings":
    """The settings, with this data folder if one is given, from now on in the environment. Raises WrongSetting."""
    from adapters.settings import settings

    if data is not None:
        os.environ["SPCM_DATA"] = str(data)  # for what this command starts, too
    return settings()


def make_data_folder(chosen: "Settings") -> None:
    """The folder is there, if one is needed, and what it will hold can be read by its owner alone. Raises Problem."""
    if chosen.redis_url and chosen.database_url:
        return
    folder = chosen.data
    if folder.exists() and not folder.is_dir():
        raise Problem(f"the data folder {folder} is a file: name another with --data or SPCM_DATA")
    if not folder.is_dir() or not any(folder.iterdir()):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    if not chosen.database_url:
        # Folders that hold other things stay as they are; SQLite gives its other files the mode of this one.
        (folder / "spcm.sqlite").touch(mode=0o600)


@contextmanager
def database(chosen: "Settings", *, reads: bool = False) -> "Iterator[Connection]":
    """A transaction on a database with this version's schema; `reads`: one that keeps no worker waiting.

    Raises:
        Problem: there is no such database yet.
        NotReady: its schema is another version's.

    """
    from adapters.migrations import require_current
    from adapters.sqlite import READS

    require_database(chosen)
    with engine_of(chosen) as engine:
        seen = engine.execution_options(**READS) if reads else engine
        with seen.begin() as connection:
            require_current(connection)
            yield connection


def asked_of_database(chosen: "Settings", question: "Callable[[Connection], T]") -> tuple["T | None", str | None]:
    """The answer to what is only read; or None, and what is wrong in words, where the database cannot be asked."""
    try:
        with database(chosen, reads=True) as connection:
            return question(connection), None
    except Exception as error:
        words = in_one_line(error)
        if words is None:
            raise
        return None, words


def require_schema(chosen: "Settings") -> None:
    """Raises what `database` raises."""
    with database(chosen, reads=True):
        pass


@contextmanager
def engine_of(chosen: "Settings") -> "Iterator[Engine]":
    """An engine, gone afterwards. Raises WrongDatabaseUrl."""
    from adapters.database import make_engine

    engine = make_engine(chosen.database)
    try:
        yield engine
    finally:
        engine.dispose()


def require_database(chosen: "Settings") -> None:
    """Raises Problem where there is no database: SQLite would make an empty one."""
    from adapters.database import database_url

    url = database_url(chosen.database)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        elsewhere = "correct SPCM_DATABASE_URL" if chosen.database_url else "name another folder with --data"
        raise Problem(f"there is no database {url.database}: run `spcm migrate` or `spcm up`, or {elsewhere}")


def connect_redis(url: str) -> "redis.Redis":
    """A client that connects when it is first used."""
    from adapters.redis_client import connect

    return connect(url)


def number_of_partitions(client: "redis.Redis") -> int:
    """As this Redis has it. Raises Problem where no worker has fixed it yet."""
    from spcm_client import read_partitions

    count = read_partitions(client)
    if count is None:
        raise Problem("no worker has ever started here: `spcm up` or `celery -A workers.app worker` starts one")
    return count


def without_password(database: str) -> str:
    """A database URL as people may see it."""
    from adapters.database import database_url

    url: URL = database_url(database)
    hidden = [name for name in url.query if "password" in name]
    shown = url.difference_update_query(hidden)._replace(drivername=url.get_backend_name(), password=None)
    return shown.render_as_string(hide_password=False)
