"""Celery's process pool, which survives that a process of it and the connection to the broker end at once.

On a new connection the stock pool watches all its processes again, also one that has just ended and is not replaced
yet: it no longer has a descriptor to watch, and the whole worker stops with "file descriptor is None".
"""

from typing import Any

from celery.concurrency import prefork


class Pool(prefork.AsynPool):  # type: ignore[name-defined,misc]  # not in celery-types
    """Watches what can be watched."""

    def _track_child_process(self, proc: Any, hub: Any) -> None:
        ended = getattr(proc, "_sentinel_poll", 0) is None
        if not ended:
            super()._track_child_process(proc, hub)


class TaskPool(prefork.TaskPool):
    """The prefork pool, over ours."""

    Pool = Pool
