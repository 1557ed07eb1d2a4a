"""Nonsense has one outcome each, never a 500, and harms nothing beside it."""

from pathlib import Path

from tests.faults.fuzz import Desk, corpus, fuzz

SEED = 7


def test_what_was_found_before_is_answered(tmp_path: Path) -> None:
    Desk(tmp_path).swallow(corpus())


def test_nonsense_is_answered(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    desk = Desk(tmp_path)
    fuzz(desk, 800, SEED)
    assert set(desk.statuses) >= {200, 201, 400, 401, 404, 412}
