from collections.abc import Sequence

import pytest

from spcm_client.portion import Portion

MIB = 1024 * 1024


def counts(*answers: Sequence[int]) -> list[int]:
    """How many entries are asked for at first, and after each of these answers."""
    portion = Portion(100)
    asked = [portion.count]
    for sizes in answers:
        portion.had(sizes)
        asked.append(portion.count)
    return asked


def test_of_small_entries_ever_more_are_asked_for() -> None:
    assert counts(*[[10]] * 8) == [1, 2, 4, 8, 16, 32, 64, 100, 100]


@pytest.mark.parametrize(("size", "count"), [(MIB, 7), (4 * MIB - 1, 2), (8 * MIB, 1), (20 * MIB, 1)])
def test_of_large_entries_as_many_are_asked_for_as_are_8_mib_together(size: int, count: int) -> None:
    assert counts(*[[10]] * 5, [size])[-1] == count


def test_it_is_their_mean_that_counts() -> None:
    assert counts(*[[10]] * 5, [0, 0, 0, 4 * MIB - 1])[-1] == 8


def test_an_answer_without_entries_changes_nothing() -> None:
    assert counts([10], [], []) == [1, 2, 2, 2]
