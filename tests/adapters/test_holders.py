import pytest
from sqlalchemy import Engine, insert

from adapters.database import make_engine
from adapters.failures import Unavailable
from adapters.holders import holders
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
