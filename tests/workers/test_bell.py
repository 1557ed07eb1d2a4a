"""The bell's thread, with a Celery that only seems to send."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from celery.worker import state
from redis import Redis

from adapters.settings import settings
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


def started(send_task: Callable[..., None]) -> BellRinger:
    """A bell whose worker has servers that can be used."""
    ringer = BellRinger(SimpleNamespace(app=SimpleNamespace(send_task=send_task)))
    ringer._thread.start()
    return ringer


def test_a_bug_in_it_ends_the_worker(client: Redis) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    started(fail)._thread.join(WITHIN)
    assert state.should_stop == 1


def test_another_number_of_partitions_in_redis_ends_the_worker(client: Redis) -> None:
    client.set("spcm:partitions", 4)
    started(lambda *_: None)._thread.join(WITHIN)
    assert state.should_stop == 1


def test_a_worker_that_ends_by_itself_has_not_failed(client: Redis) -> None:
    ringer = started(lambda *_: None)
    ringer.stop(None)
    assert not ringer._thread.is_alive()
    assert state.should_stop is None
