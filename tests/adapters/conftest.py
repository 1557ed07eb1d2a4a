"""A database and a Redis of the test's own, as adapters get them."""

from collections.abc import Iterator

import pytest
from redis import Redis
from sqlalchemy import Engine

from adapters.rows import Rows
from tests.adapters.resources import KINDS
from tests.engines import migrated


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    with migrated(database_url) as engine:
        yield engine


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture(params=["sqlite", "postgres"])
def rows(request: pytest.FixtureRequest) -> Iterator[Rows]:
    """The rows of a transaction that is rolled back in the end."""
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    with engine.connect() as connection:
        yield Rows(connection, locked=set(KINDS))
        connection.rollback()
