"""Nonsense has one outcome each, never a 500, and harms nothing beside it."""

from pathlib import Path

from tests.faults.fuzz import corpus, fuzz
from tests.faults.lone_partition import LonePartition

SEED = 7


def test_what_was_found_before_is_answered(tmp_path: Path) -> None:
    LonePartition(tmp_path).swallow(corpus())


def test_nonsense_is_answered(tmp_path: Path) -> None:
    print(f"seed {SEED}")
    partition = LonePartition(tmp_path)
    fuzz(partition, 800, SEED)
    assert set(partition.statuses) >= {200, 201, 400, 401, 404, 412}
