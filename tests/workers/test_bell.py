"""The bell's thread, without a worker around it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from celery.worker import state
from redis import Redis

from adapters.failures import Unavailable
from adapters.settings import settings
from tests.faults.lab import wait_for
from workers.bell import BellRinger

WITHIN = 20.0  # seconds


@pytest.fixture
def client(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setenv("SPCM_REDIS_URL", redis_url)
    monkeypatch.setattr(state, "should_stop", None)
    settings.cache_clear()
    with Redis.from_url(redis_url) as client:
        yield client
    settings.cache_clear()


def started() -> BellRinger:
    """A bell whose worker has servers that can be used."""
    ringer = BellRinger(SimpleNamespace())
    ringer._thread.start()
    return ringer


def test_a_bug_in_it_ends_the_worker(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("workers.bell.fix_partitions", fail)
    started()._thread.join(WITHIN)
    assert state.should_stop == 1


def test_another_number_of_partitions_in_redis_ends_the_worker(client: Redis) -> None:
    client.set("spcm:partitions", 4)
    started()._thread.join(WITHIN)
    assert state.should_stop == 1


def test_a_worker_that_ends_by_itself_has_not_failed(client: Redis) -> None:
    ringer = started()
    ringer.stop(None)
    assert not ringer._thread.is_alive()
    assert state.should_stop is None


def test_while_redis_is_away_nobody_stands_still(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: Any) -> None:
        raise Unavailable("away")

    asked_since = set()
    monkeypatch.setattr("workers.bell.claim_maintenance", away)
    ringer = BellRinger(SimpleNamespace())
    ringer._pulse = SimpleNamespace(stands_still=lambda _, *, since: asked_since.add(since))  # type: ignore[assignment]
    ringer._thread.start()
    wait_for(lambda: len(asked_since) >= 2, within=WITHIN)
    ringer.stop(None)
