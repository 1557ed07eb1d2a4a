"""A drain of the test's own, which nothing but the test rings."""

from collections.abc import Iterator

import pytest

from adapters.redis_client import connect
from tests.engines import migrated
from tests.workers.bench import Bench
from tests.workers.failing import Fail, failing_batches


@pytest.fixture
def bench(sqlite_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("workers.drain.BUDGET", 30.0)  # a drain ends for other reasons than its time
    with migrated(sqlite_url) as engine, connect(redis_url) as client:
        yield Bench(engine, client)


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Fail:
    return failing_batches(monkeypatch)
