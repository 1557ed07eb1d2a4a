"""One database for each engine, shared by all tests of a run; each test takes a tenant of its own."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.bulk.desk import Desk
from tests.engines import empty_database, migrated


@pytest.fixture(scope="session")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with migrated(f"sqlite:///{tmp_path_factory.mktemp('bulk') / 'spcm.sqlite'}") as engine:
        yield engine


@pytest.fixture(scope="session")
def postgres_engine(_postgres_url: str) -> Iterator[Engine]:
    with empty_database(_postgres_url) as url, migrated(url) as engine:
        yield engine


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    return engine


@pytest.fixture
def desk(engine: Engine) -> Desk:
    """A tenant of the test's own, on each engine."""
    return Desk(engine)


@pytest.fixture
def sqlite_desk(sqlite_engine: Engine) -> Desk:
    """For what is decided before the database is asked."""
    return Desk(sqlite_engine)
