"""One installation for each engine, shared by all tests of a run; each test takes a tenant of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.installation import Installation
from tests.engines import empty_database
from tests.transfer.files import ServedFiles


@pytest.fixture(scope="session")
def sqlite_installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
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
