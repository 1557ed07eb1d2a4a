"""One database for each engine, shared by all tests of a run; each test takes a tenant of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.bulk.desk import Desk
from tests.bulk.files import ServedFiles
from tests.contract.installation import Installation
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


@pytest.fixture(scope="session")
def sqlite_installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Workers and all, for what goes through Redis."""
    directory = tmp_path_factory.mktemp("import-sqlite")
    installation = Installation(directory, f"sqlite:///{directory / 'spcm.sqlite'}")
    yield installation
    installation.stop()


@pytest.fixture(scope="session")
def postgres_installation(_postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with empty_database(_postgres_url) as url:
        installation = Installation(tmp_path_factory.mktemp("import-postgres"), url)
        yield installation
        installation.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> ServedFiles:
    """A folder, and the commands that import its files and export into it, for a tenant of the test's own."""
    return ServedFiles(request.getfixturevalue(f"{request.param}_installation"), tmp_path)


@pytest.fixture
def sqlite_files(sqlite_installation: Installation, tmp_path: Path) -> ServedFiles:
    """For what is the same on each engine."""
    return ServedFiles(sqlite_installation, tmp_path)
