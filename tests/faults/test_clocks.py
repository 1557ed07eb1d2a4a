"""Clocks that are wrong: row 19 of the fault list."""

import time
from collections.abc import Callable

import pytest

from tests.faults.clock import LIBRARY, clock
from tests.faults.lab import Lab

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="libfaketime brings no library for this system")


def test_row_19_workers_live_in_different_hours(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab()
    lab.start_worker(concurrency=1, environment=clock("+1h"))
    lab.start_worker(concurrency=1, environment=clock("-1h"))
    with lab.load(rate=300, seed=19):
        time.sleep(1)
        lab.switch("committed", "kill")
        time.sleep(1)
        lab.moving()
    evidence = lab.verify()
    hours = {each.event["time"][:13] for each in evidence.told}
    assert len(hours) > 1, "the clocks were not wrong"


def test_row_19_redis_goes_back_by_an_hour(make_lab: "Callable[..., Lab]", monkeypatch: pytest.MonkeyPatch) -> None:
    lab = make_lab()
    lab.start_worker()
    with lab.load(rate=200, seed=191):
        time.sleep(0.5)
        before = lab.now()
        lab.valkey.kill()
        for name, value in clock("-1h").items():
            monkeypatch.setenv(name, value)
        lab.restart_valkey()
        monkeypatch.undo()
        assert lab.now() < before, "its clock did not go back"
        lab.moving()
    lab.verify()
