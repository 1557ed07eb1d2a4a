"""Who computes for long between two statements is not taken for a process that was stopped."""

import time
from collections.abc import Iterator

import pytest

from domain.operations import OPERATIONS, NoParams, operation
from domain.permissions import Permission
from domain.state import State
from tests.bulk.desk import Desk, item, statuses
from tests.engines import migrated


@pytest.fixture
def desk(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """On a PostgreSQL that ends sessions after 600 ms of silence."""
    monkeypatch.setattr("adapters.database.IDLE_TIMEOUT", 600)
    monkeypatch.setattr("adapters.heartbeat.BEAT", 0.1)
    with migrated(postgres_url) as engine:
        yield Desk(engine)


@pytest.fixture
def slow_operation() -> Iterator[str]:
    """An operation that takes 200 ms, and asks nobody."""

    @operation("test.slow", Permission.SUBSCRIBER_READ)
    def slow(_at: NoParams, _state: State) -> dict[str, str]:
        time.sleep(0.2)
        return {}

    yield "test.slow"
    del OPERATIONS["test.slow"]


def test_a_bulk_of_items_that_take_long_is_executed(desk: Desk, slow_operation: str) -> None:
    assert statuses(desk.bulk(*[item(slow_operation)] * 6)) == [200] * 6


def test_a_batch_of_commands_that_take_long_is_executed(desk: Desk, slow_operation: str) -> None:
    outcomes = desk.run(*[desk.command(slow_operation) for _ in range(6)])
    assert [outcome["status"] for outcome in outcomes] == [200] * 6


def test_commands_that_take_long_are_not_all_of_one_batch(
    desk: Desk, slow_operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others wait for what it has locked."""
    monkeypatch.setattr("workers.batch.LONGEST_BATCH", 0.3)
    outcomes = desk.run(*[desk.command(slow_operation) for _ in range(6)])
    assert 1 <= len(outcomes) < 6
