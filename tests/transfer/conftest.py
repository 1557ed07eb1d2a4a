"""Folders with files, and an installation on each engine; each test takes a tenant of its own."""

from pathlib import Path

import pytest

from tests.contract.installation import Installation
from tests.transfer.files import ServedFiles


@pytest.fixture(params=["sqlite", "postgres"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> ServedFiles:
    """A folder, and the commands that import its files and export into it, for a tenant of the test's own."""
    return ServedFiles(request.getfixturevalue(f"{request.param}_installation"), tmp_path)


@pytest.fixture
def sqlite_files(sqlite_installation: Installation, tmp_path: Path) -> ServedFiles:
    """For what is the same on each engine."""
    return ServedFiles(sqlite_installation, tmp_path)
