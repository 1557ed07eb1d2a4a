from collections.abc import Iterator

import pytest
from redis import Redis
from sqlalchemy import make_url

from spcm_client import Client
from tests.client.stand_in import StandIn
from tests.faults.proxy import Proxy


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
def proxy(redis_url: str) -> Iterator[Proxy]:
    """A way to Redis on which connections break."""
    with Proxy(("127.0.0.1", make_url(redis_url).port or 0)) as proxy:
        yield proxy


@pytest.fixture
def proxied_url(redis_url: str, proxy: Proxy) -> str:
    return make_url(redis_url).set(port=proxy.port).render_as_string(hide_password=False)
