"""An installation in which nothing runs."""

from collections.abc import Iterator

import pytest
import redis

from tests.cli.program import Program


@pytest.fixture
def client(redis_url: str) -> "Iterator[redis.Redis]":
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def idle(migrated: Program, redis_url: str) -> Program:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    return migrated
