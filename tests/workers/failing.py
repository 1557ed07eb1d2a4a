"""Batches that fail as a test wants it."""

from collections.abc import Callable
from typing import Any

import pytest

from workers.batch import Batch
from workers.case import Case

Fail = Callable[[Callable[[list[Case]], bool], Exception], None]


def always(_: list[Case]) -> bool:
    return True


def failing_batches(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Makes batches fail with this error whose cases are such, unless their first is condemned."""
    execute = Batch.execute

    def set_up(are_such: Callable[[list[Case]], bool], error: Exception) -> None:
        def failing(batch: Batch, cases: list[Case]) -> Any:
            if are_such(cases) and not cases[0].condemned:
                raise error
            return execute(batch, cases)

        monkeypatch.setattr(Batch, "execute", failing)

    return set_up
