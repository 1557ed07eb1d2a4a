"""Bells that are lost: somebody takes them out of Celery's queue."""

import contextlib
import threading
from collections.abc import Iterator

import redis

from adapters.keys import BELLS
from tests.faults.lab import Lab


@contextlib.contextmanager
def thieves(lab: Lab) -> Iterator[list[object]]:
    """Take bells away as workers do: one that somebody waits for is never in the queue. Gives what was taken."""
    ended = threading.Event()
    stolen: list[object] = []

    def steal() -> None:
        with redis.Redis.from_url(lab.valkey.url) as thief:
            while not ended.is_set():
                if taken := thief.brpop([BELLS], timeout=0.2):
                    stolen.append(taken)

    threads = [threading.Thread(target=steal) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        yield stolen
    finally:
        ended.set()
        for thread in threads:
            thread.join()
