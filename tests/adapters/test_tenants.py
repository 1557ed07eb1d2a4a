"""Tenants, and how they go with all that they own."""

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection, Engine, event, func, insert, select

from adapters.database import make_engine
from adapters.failures import Held
from adapters.migrations import migrate
from adapters.partition_lock import lock_partition
from adapters.sqlite import READS
from adapters.tables import last_ids, metadata, partitions
from adapters.tenants import AlreadyThere, NoSuchTenant, add_tenant, list_tenants, remove_tenant
from adapters.users import add_user
from domain.permissions import Permission


def add(engine: Engine, name: str, rows: int) -> None:
    """A tenant with a user and so many rows of its own."""
    with engine.begin() as connection:
        add_tenant(connection, name)
        add_user(connection, name, "oms", "s3cret", Permission)
        owned = [{"tenant": name, "kind": f"kind {number}", "last_id": number} for number in range(rows)]
        connection.execute(insert(last_ids), owned)


def left_of(engine: Engine, name: str) -> int:
    """Rows that bear the tenant's name."""
    bearing = [table for table in metadata.sorted_tables if "tenant" in table.c]
    with engine.execution_options(**READS).connect() as connection:
        counts = [select(func.count()).select_from(table).where(table.c.tenant == name) for table in bearing]
        return sum(connection.scalar(count) or 0 for count in counts)


def test_tenants_are_listed_by_name_with_their_users_counted(engine: Engine) -> None:
    with engine.begin() as connection:
        for name in ("bolt", "acme", "a-tenant"):
            add_tenant(connection, name)
        add_user(connection, "acme", "oms", "s3cret", [])
        add_user(connection, "acme", "billing", "s3cret", [])
        assert list_tenants(connection) == [("a-tenant", 0), ("acme", 2), ("bolt", 0)]


@pytest.mark.parametrize("rows", [1, 5_000, 5_001, 10_001])
def test_a_tenant_goes_with_all_that_it_owns_and_nothing_of_others(rows: int, engine: Engine) -> None:
    add(engine, "acme", rows)
    add(engine, "bolt", 1)
    kept = left_of(engine, "bolt")
    remove_tenant(engine, "acme")
    assert left_of(engine, "acme") == 0
    assert left_of(engine, "bolt") == kept
    with pytest.raises(NoSuchTenant):
        remove_tenant(engine, "acme")


def test_a_removal_that_was_interrupted_keeps_the_name_and_goes_on(engine: Engine) -> None:
    add(engine, "acme", 10_001)

    def interrupt(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM last_ids") and left_of(engine, "acme") < 10_000:
            raise KeyboardInterrupt

    event.listen(engine, "before_cursor_execute", interrupt)
    with pytest.raises(KeyboardInterrupt):
        remove_tenant(engine, "acme")
    event.remove(engine, "before_cursor_execute", interrupt)
    with engine.begin() as connection:
        assert list_tenants(connection) == [("acme", 0)]
        with pytest.raises(AlreadyThere):
            add_tenant(connection, "acme")
    remove_tenant(engine, "acme")
    assert left_of(engine, "acme") == 0


@pytest.fixture
def batch(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """A batch that lasts longer than a statement waits."""
    monkeypatch.setattr("adapters.database.LOCK_TIMEOUT", 100)  # milliseconds
    engine = make_engine(postgres_url)
    migrate(engine)
    add(engine, "acme", 1)
    with engine.begin() as connection:
        connection.execute(insert(partitions), [{"number": number} for number in range(3)])
    with engine.connect() as connection:
        assert lock_partition(connection, 1)
        yield connection
    engine.dispose()


def test_a_removal_waits_for_a_batch_that_lasts(batch: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    free: list[bool] = []

    def pause(_: float) -> None:
        with batch.engine.begin() as another:
            free.append(lock_partition(another, 0) is not None)
        batch.rollback()

    monkeypatch.setattr("adapters.tenants.time", SimpleNamespace(monotonic=time.monotonic, sleep=pause))
    remove_tenant(batch.engine, "acme")
    assert free == [True]
    assert left_of(batch.engine, "acme") == 0


def test_a_removal_waits_for_who_keeps_its_rows(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    add(engine, "acme", 5_001)
    pauses: list[float] = []

    @event.listens_for(engine, "before_cursor_execute")
    def hold(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM last_ids") and len(pauses) < 2:
            raise Held

    monkeypatch.setattr("adapters.tenants.time", SimpleNamespace(monotonic=time.monotonic, sleep=pauses.append))
    remove_tenant(engine, "acme")
    assert len(pauses) == 2
    assert left_of(engine, "acme") == 0


def test_a_removal_does_not_wait_for_ever(batch: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.tenants._PATIENCE", 0)
    with pytest.raises(Held):
        remove_tenant(batch.engine, "acme")
    batch.rollback()
    with batch.engine.begin() as connection:
        assert list_tenants(connection) == [("acme", 1)]


def test_others_work_while_its_rows_go(postgres_url: str) -> None:
    engine, other = make_engine(postgres_url), make_engine(postgres_url)
    migrate(engine)
    add(engine, "acme", 10_001)
    with engine.begin() as connection:
        connection.execute(insert(partitions).values(number=0))
    free: list[bool] = []

    @event.listens_for(engine, "after_cursor_execute")
    def work(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM last_ids"):
            with other.begin() as connection:
                free.append(lock_partition(connection, 0) is not None)

    remove_tenant(engine, "acme")
    assert free == [True, True, True, False]  # the last is behind the lock, and has nothing left to remove
    engine.dispose()
    other.dispose()
