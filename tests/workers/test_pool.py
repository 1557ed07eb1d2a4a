"""The pool's watch over its processes, with the event loop that the worker uses."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from billiard.connection import wait
from billiard.context import ForkProcess
from celery.concurrency import get_implementation
from kombu.asynchronous import Hub

from workers.pool import Pool, TaskPool

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.close()


def test_a_process_that_has_just_ended_is_not_watched_again(hub: Hub) -> None:
    ended: Any = SimpleNamespace(_sentinel_poll=None)
    pool: Any = object.__new__(Pool)
    pool._track_child_process(ended, hub)
    assert not hub.readers


def test_a_process_that_lives_is_watched_and_then_not_any_more(hub: Hub) -> None:
    pool: Any = object.__new__(Pool)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        living: Any = SimpleNamespace(_popen=SimpleNamespace(sentinel=process.stdin.fileno()))
        pool._track_child_process(living, hub)
        pool._track_child_process(living, hub)
        assert len(hub.readers) == 1
        pool._untrack_child_process(living, hub)
        pool._track_child_process(living, hub)
        assert not hub.readers


def test_the_pool_looks_at_a_process_only_once_that_has_ended(hub: Hub) -> None:
    """In the moment before, in which its descriptors are closed, it would take it for alive, and look seconds later."""

    def end_slowly() -> None:
        os.closerange(3, 1024)
        time.sleep(0.2)
        os._exit(7)

    seen: list[int | None] = []
    pool: Any = object.__new__(Pool)
    process: Any = ForkProcess(target=end_slowly)
    pool.maintain_pool = lambda: seen.append(process.exitcode)
    process.start()
    assert wait([process.sentinel], 10)
    pool._event_process_exit(hub, process)
    assert seen == [7]


def test_a_worker_takes_it_unless_it_is_told_another() -> None:
    named = re.search(r'^worker_pool = "(.+?)"', (ROOT / "celeryconfig.py").read_text(), re.MULTILINE)
    assert named is not None
    assert get_implementation(named[1]) is TaskPool
