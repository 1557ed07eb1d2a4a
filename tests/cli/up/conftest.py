"""Each test has a data folder of its own, and leaves no `spcm up` behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.cli.up.started import Up


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def _none_outlives_its_test() -> Iterator[None]:
    yield
    while Up.started:
        Up.started.pop().leave()


@pytest.fixture
def up(data: Path) -> Up:
    return Up(Program(), "--data", str(data), "--workers", "1")


@pytest.fixture
def servers(data: Path) -> Up:
    """One without workers."""
    return Up(Program(), "--data", str(data), "--workers", "0")
