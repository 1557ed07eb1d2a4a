"""Clocks that are wrong: row 19 of the fault list."""

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.lab import Lab

WHEEL = importlib.util.find_spec("libfaketime")
LIBRARY = Path(WHEEL.origin or "").parent / "vendor/libfaketime/src/libfaketime.so.1" if WHEEL else Path("none")

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="libfaketime brings no library for this system")


def clock(offset: str) -> dict[str, str]:
    """What gives a process another time of day, and leaves its other clocks alone."""
    return {"LD_PRELOAD": str(LIBRARY), "FAKETIME": offset, "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}


def test_row_19_workers_live_in_different_hours(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab()
    lab.start_worker(concurrency=1, environment=clock("+1h"))
    lab.start_worker(concurrency=1, environment=clock("-1h"))
    with lab.load(rate=300, seed=19):
        time.sleep(1)
        lab.switch("committed", "kill")
        time.sleep(1)
        lab.moving(within=5)
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
        lab.moving(within=10)
    lab.verify()
