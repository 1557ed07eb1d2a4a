import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine, insert, text

from adapters.database import make_engine
from adapters.failures import Contended, Unavailable
from adapters.holders import foreign_sessions, holders
from adapters.migrations import migrate
from adapters.partition_lock import lock_partition
from adapters.tables import partitions


def test_a_partition_is_held_while_its_lock_is(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(insert(partitions), [{"number": number} for number in range(3)])
    with engine.begin() as holder, engine.connect() as watcher:
        lock_partition(holder, 1)
        assert set(holders(watcher) or {}) == {1}
    with engine.connect() as watcher:
        assert holders(watcher) == {}
    engine.dispose()


def test_another_program_that_holds_a_partition_or_a_lock_is_named(postgres_url: str) -> None:
    engine, other = make_engine(postgres_url), create_engine(make_engine(postgres_url).url)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(insert(partitions), [{"number": number} for number in range(3)])
    with other.begin() as stranger, engine.connect() as watcher:
        pid = stranger.scalar(text("select pg_backend_pid()"))
        assert foreign_sessions(watcher) == []
        lock_partition(stranger, 1)
        watcher.rollback()
        [told] = foreign_sessions(watcher)
        assert re.match(rf"backend {pid} \(no name, (local|[0-9.]+:[0-9]+), in a transaction since ", told)
    with other.begin() as stranger, engine.connect() as watcher, ThreadPoolExecutor() as threads:
        stranger.execute(text("lock table journal"))
        waiting = threads.submit(read, engine)
        while not (found := foreign_sessions(watcher)) and not waiting.done():
            watcher.rollback()
        assert [told.split(" (")[0] for told in found] == [
            f"backend {stranger.scalar(text('select pg_backend_pid()'))}"
        ]
        assert isinstance(waiting.exception(), Contended)
    engine.dispose()
    other.dispose()


def read(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("select * from journal"))


def test_a_partition_without_a_row_is_an_outage_and_no_other_worker(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(partitions), [{"number": number} for number in range(3)])
    with engine.begin() as connection, pytest.raises(Unavailable, match="no row of partition 3"):
        lock_partition(connection, 3)


def test_sqlite_cannot_tell(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with engine.connect() as connection:
        assert holders(connection) is None
    engine.dispose()
