from collections.abc import Iterator

import pytest
from redis import Redis

from spcm_client import Client
from tests.client.clock import Clock
from tests.client.stand_in import StandIn


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as connection:
        yield connection


@pytest.fixture
def client(redis_url: str) -> Iterator[Client]:
    with Client(redis_url, "acme", "oms", "s3cret") as made:
        yield made


@pytest.fixture
def worker(redis_url: str) -> Iterator[StandIn]:
    """Executes whatever is sent, and answers 201 unless a test has told it otherwise."""
    with StandIn(redis_url) as stand_in:
        yield stand_in


@pytest.fixture
def idle_clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """By which a reader counts how long no outcome came."""
    clock = Clock()
    monkeypatch.setattr("spcm_client.patience.time", clock)
    return clock
