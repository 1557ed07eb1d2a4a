"""A worker whose Celery stands still ends, pool and all, and says where it stood."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kombu.asynchronous import Hub

from tests.client.clock import Clock
from tests.engines import migrated
from tests.polling import wait_for
from tests.processes import children_of, gone
from workers.pulse import Pulse

ROOT = Path(__file__).parents[2]


def test_a_loop_that_turns_does_not_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("workers.pulse.time", clock)
    hub = Hub()
    pulse = Pulse(hub)
    clock.now = 100
    assert pulse.stands_still(50, since=0)
    hub.run_once()
    clock.now = 104
    assert not pulse.stands_still(5, since=0)
    clock.now = 106
    assert pulse.stands_still(5, since=0)
    hub.close()


def test_nothing_is_expected_of_it_while_redis_does_not_answer() -> None:
    hub = Hub()
    assert not Pulse(hub).stands_still(0, since=time.monotonic() + 100)
    hub.close()


def test_a_worker_that_stands_still_ends_and_says_where(tmp_path: Path, redis_url: str, sqlite_url: str) -> None:
    log = tmp_path / "worker.log"
    settings = {"SPCM_REDIS_URL": redis_url, "SPCM_DATABASE_URL": sqlite_url, "SPCM_BATCH_TIME_LIMIT": "5"}
    command = [sys.executable, "-m", "celery", "-A", "tests.workers.standing_app", "worker", "-c", "1"]
    with migrated(sqlite_url), log.open("wb") as output:
        worker = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=output, stderr=output)
    pool: list[int] = []
    try:
        pool = wait_for(lambda: children_of(worker.pid), within=60, what=lambda: "no pool process")
        assert worker.wait(60) == 1, log.read_text()
        assert all(gone(pid, within=10) for pid in pool)
    finally:
        worker.kill()
        for pid in pool:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert "worker-stands-still" in log.read_text()
    assert "in stand_still" in log.read_text()
