"""What is told of a Redis that is away."""

import time

import pytest
import redis

from cli.outage import Outage

LOST = "spcm: the connection to Redis was lost; waiting for it\n"


def test_an_outage_is_told_once_and_one_soon_after_it_once_it_lasts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.outage._SAID_AGAIN_AFTER", 0.5)
    outage = Outage()

    def away() -> str:
        with outage:
            raise redis.ConnectionError
        return capsys.readouterr().err

    assert [away(), away()] == [LOST, ""]
    with outage:
        assert outage.lost
    assert not outage.lost
    assert away() == ""
    time.sleep(0.6)
    assert [away(), away()] == [LOST, ""]
