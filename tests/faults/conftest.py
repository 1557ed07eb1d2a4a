"""A lab for the tests of one file: its servers are started once, and every test's check sees all that came before."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.faults.lab import Lab


@pytest.fixture(scope="module")
def make_lab(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Callable[..., Lab]]":
    """Labs that end with the module."""
    labs: list[Lab] = []

    def make(**options: Any) -> Lab:
        labs.append(Lab(tmp_path_factory.mktemp("lab") / "lab", **options))
        return labs[-1]

    yield make
    for lab in labs:
        lab.close()


@pytest.fixture(scope="module")
def lab(make_lab: "Callable[..., Lab]") -> Lab:
    """A lab in which no worker runs yet."""
    return make_lab()
