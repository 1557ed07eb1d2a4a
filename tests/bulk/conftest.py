"""A database on each engine, shared by all tests of a run; each test takes a tenant of its own."""

import pytest
from sqlalchemy import Engine

from tests.bulk.desk import Desk


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
