import pytest

from spcm_client.patience import Patience
from tests.client.clock import Clock


def test_who_waits_for_ever_blocks_as_long_as_a_read_may() -> None:
    assert Patience(None, longest_block=2.5).block() == 2500


def test_who_waits_for_a_time_does_not_block_beyond_it(idle_clock: Clock) -> None:
    patience = Patience(10, longest_block=2.5)
    blocks = []
    for idle_clock.now in (0.0, 7.5, 9.0, 10.0):
        blocks.append(patience.block())
    assert blocks == [2500, 2500, 1000, None]


@pytest.mark.parametrize("idle", [0, 0.0001])
def test_who_does_not_wait_reads_once_and_never_for_ever(idle: float, idle_clock: Clock) -> None:
    patience = Patience(idle, longest_block=2.5)
    for _ in range(2):
        assert patience.block() == 1  # Redis takes 0 for "for ever"
        idle_clock.now += 1
        assert patience.block() is None
        patience.renew()
