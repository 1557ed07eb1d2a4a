"""A database and a Redis of the test's own, as adapters get them."""

from collections.abc import Iterator

import pytest
from redis import Redis
from sqlalchemy import Engine

from tests.engines import migrated


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as engine:
        yield engine


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client
