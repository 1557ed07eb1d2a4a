"""What is told of a Redis that is away."""

import pytest
import redis

from cli.outage import Outage
from tests.client.clock import Clock

LOST = "spcm: the connection to Redis was lost; waiting for it\n"


def test_an_outage_is_told_once_and_the_next_one_only_after_a_while(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    clock.now = 1
    monkeypatch.setattr("cli.outage.time", clock)
    outage = Outage()

    def away() -> str:
        with outage:
            raise redis.ConnectionError
        return capsys.readouterr().err

    assert [away(), away()] == [LOST, ""]
    clock.now += 11
    assert away() == ""
    with outage:
        assert outage.lost
    assert not outage.lost
    assert away() == LOST
    with outage:
        pass
    assert away() == ""
    clock.now += 11
    assert [away(), away()] == [LOST, ""]
