"""Faults of worker processes: rows 1 to 5 of the fault list."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from adapters.keys import BELLS, bell_claim
from tests.faults.lab import PLACES, Lab
from tests.faults.load import Load, command, draft, partition_of
from tests.faults.worker import Worker
from tests.polling import wait_for


@pytest.fixture(scope="module")
def fleet(lab: Lab) -> Worker:
    return lab.start_worker()


@pytest.fixture
def worker(lab: Lab, fleet: Worker) -> Worker:
    """The one worker; another where a test has ended it."""
    alive = [worker for worker in lab.workers if worker.alive()]
    return alive[0] if alive else lab.start_worker()


def test_row_01_the_whole_worker_is_killed_and_restarted(lab: Lab, worker: Worker) -> None:
    for seed in (11, 12):
        with lab.load(rate=300, seed=seed):
            time.sleep(0.3 + seed % 10 / 10)
            worker.kill()
            worker = lab.start_worker()
            lab.moving()
        lab.verify()


def test_row_02_one_pool_process_is_killed(lab: Lab, worker: Worker) -> None:
    with lab.load(rate=300, seed=2):
        for _ in range(3):
            time.sleep(0.3)
            os.kill(worker.pool[0], signal.SIGKILL)
            lab.moving()
    lab.verify()
    assert worker.alive()


@pytest.mark.parametrize("place", PLACES)
def test_row_03_a_pool_process_is_killed_at(place: str, lab: Lab, worker: Worker) -> None:
    with lab.load(rate=200, seed=30 + PLACES.index(place)):
        lab.switch(place, "kill")
        wait_for(lambda: lab.reached(place), within=5)
        lab.moving()
    lab.verify()


@pytest.mark.parametrize("place", PLACES)
def test_row_04_a_drainer_is_stopped_and_comes_back_at(place: str, lab: Lab, worker: Worker) -> None:
    with lab.load(rate=100, seed=40 + PLACES.index(place)):
        lab.switch(place, "stop")
        wait_for(lambda: lab.reached(place), within=5)
        lab.moving()
        wait_for(lambda: bool(worker.stopped()), within=1)
        for zombie in worker.stopped():
            os.kill(zombie, signal.SIGCONT)
    lab.verify()
    wait_for(worker.complete, within=10)


def test_row_04_on_sqlite_a_stopped_drainer_holds_up_the_others_until_its_time_is_over(
    make_lab: "Callable[..., Lab]",
) -> None:
    lab = make_lab(sqlite=True, environment={"SPCM_BATCH_TIME_LIMIT": "5"})
    worker = lab.start_worker()
    with lab.load(rate=100, seed=48):
        lab.switch("written", "stop")
        [stopped] = wait_for(worker.stopped, within=10)
        lab.moving(within=20)
        assert stopped not in worker.pool
    lab.verify()
    wait_for(worker.complete, within=10)


@pytest.mark.parametrize("group", [False, True], ids=["the worker", "its whole group"])
def test_row_05_sigterm_under_load_to(group: bool, lab: Lab, worker: Worker) -> None:
    with lab.load(rate=300, seed=50 + group):
        for _ in range(2):
            time.sleep(0.3)
            worker.terminate(group=group)
            assert worker.wait(10) == 0
            worker = lab.start_worker()
            lab.moving()
    lab.verify()


def test_row_02_one_pool_process_is_killed_while_the_worker_waits_for_the_database(
    make_lab: "Callable[..., Lab]",
) -> None:
    lab = make_lab()
    assert lab.postgres is not None
    lab.postgres.kill()
    worker = lab.launch_worker()
    wait_for(lambda: b"waiting-for-servers" in worker.said(), within=40)
    os.kill(worker.pool[0], signal.SIGKILL)
    lab.postgres.start()
    worker.wait_until_ready()
    lab.send(*Load(2).take(50))
    lab.verify()
    wait_for(worker.complete, within=10)


def test_row_05_sigterm_before_the_worker_has_read_that_a_drain_has_begun(make_lab: "Callable[..., Lab]") -> None:
    """Celery then forgets the drain, and its process must not wait until somebody reads that it has ended."""
    lab = make_lab()
    worker = lab.start_worker(concurrency=1)
    [process] = worker.pool
    os.kill(process, signal.SIGSTOP)
    lab.send(draft(command("acme", "fault.count", "row-05", params={"msisdn": "0805"})))
    wait_for(lambda: lab.client.exists(bell_claim(partition_of("acme", "0805"))) == 1, within=5)
    wait_for(lambda: lab.client.llen(BELLS) == 0, within=5)
    time.sleep(0.5)  # until the worker has passed the bell on
    worker.terminate()
    wait_for(lambda: b"Warm shutdown" in worker.said(), within=5)
    time.sleep(0.5)  # until it waits for its pool
    os.kill(process, signal.SIGCONT)
    assert worker.wait(10) == 0
    lab.start_worker()
    lab.verify()


def test_row_05_sigterm_while_the_worker_waits_for_its_servers(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab(sqlite=True)
    lab.valkey.kill()
    worker = lab.launch_worker()
    wait_for(lambda: b"waiting-for-servers" in worker.said(), within=40)
    worker.terminate()
    assert worker.wait(10) == 0


def test_row_01_on_sqlite_too(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab(sqlite=True)
    worker = lab.start_worker()
    with lab.load(rate=200, seed=13):
        for place in ("written", "committed"):
            lab.switch(place, "kill")
            wait_for(lambda place=place: lab.reached(place), within=5)  # type: ignore[misc]
        worker.kill()
        lab.start_worker()
        lab.moving()
    lab.verify()
