"""The bell's thread, without a worker around it."""

from collections.abc import Iterator
from threading import Event, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from celery.worker import state
from redis import Redis
from structlog.testing import capture_logs

from adapters.failures import Unavailable
from adapters.settings import settings
from tests.polling import wait_for
from workers.bell import Bell

WITHIN = 20.0  # seconds


@pytest.fixture
def client(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setenv("SPCM_REDIS_URL", redis_url)
    monkeypatch.setattr(state, "should_stop", None)
    settings.cache_clear()
    with Redis.from_url(redis_url) as client:
        yield client
    settings.cache_clear()


def run() -> None:
    """The bell of a worker that goes on, until it ends by itself."""
    bell = Thread(target=Bell(Event(), None).run, daemon=True)
    bell.start()
    bell.join(WITHIN)


def test_a_bug_in_it_ends_the_worker(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("workers.bell.fix_partitions", fail)
    with capture_logs() as logged:
        run()
    assert state.should_stop == 1
    assert [(line["event"], line["error"]) for line in logged] == [("bell-failed", "ZeroDivisionError")]
    assert isinstance(logged[0]["exc_info"], ZeroDivisionError)


def test_another_number_of_partitions_in_redis_ends_the_worker(client: Redis) -> None:
    client.set("spcm:partitions", 4)
    with capture_logs() as logged:
        run()
    assert state.should_stop == 1
    assert [line["event"] for line in logged] == ["not-ready"]


def test_a_worker_that_ends_by_itself_has_not_failed(client: Redis) -> None:
    stopping = Event()
    bell = Thread(target=Bell(stopping, None).run, daemon=True)
    bell.start()
    stopping.set()
    bell.join(WITHIN)
    assert not bell.is_alive()
    assert state.should_stop is None


def test_while_redis_is_away_nobody_stands_still(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: Any) -> None:
        raise Unavailable("away")

    asked_since = set()
    monkeypatch.setattr("workers.bell.claim_maintenance", away)
    pulse: Any = SimpleNamespace(stands_still=lambda _, *, since: asked_since.add(since))
    stopping = Event()
    bell = Thread(target=Bell(stopping, pulse).run, daemon=True)
    bell.start()
    wait_for(lambda: len(asked_since) >= 2, within=WITHIN)
    stopping.set()
    bell.join(WITHIN)
