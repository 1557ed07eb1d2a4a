"""Celery's process pool, with four of its ways to come to harm closed."""

from typing import Any

from celery.concurrency import asynpool, prefork


class Worker(asynpool.Worker):
    """Ends when it is told to.

    The stock one first waits until its last result was read. But a pool that is closed forgets a task of which it has
    not read yet that it has begun, and then reads nothing: each would wait for the other, for half a minute.
    """

    def _ensure_messages_consumed(self, completed: int) -> bool:  # noqa: ARG002
        return True  # a drain has no result


class Pool(prefork.AsynPool):  # type: ignore[name-defined,misc]
    """Lives on where a process of it is killed."""

    Worker = Worker

    def did_start_ok(self) -> bool:
        """Whether any process lives. The stock one ends the worker if one was killed before the loop began."""
        return any(process.is_alive() for process in self._pool)

    def _track_child_process(self, proc: Any, hub: Any) -> None:
        # On a new connection all processes are watched again, also one that has just ended and is not replaced yet: it
        # no longer has a descriptor to watch, and the whole worker stops with "file descriptor is None".
        ended = getattr(proc, "_sentinel_poll", 0) is None
        if not ended:
            super()._track_child_process(proc, hub)

    def _event_process_exit(self, hub: Any, proc: Any) -> None:
        # A killed process closes its descriptors a moment before it has ended. The stock pool looks in that moment,
        # finds it alive, and replaces it only at its next round: up to five seconds with a process too few.
        proc.join()
        super()._event_process_exit(hub, proc)


class TaskPool(prefork.TaskPool):
    """The prefork pool, over ours."""

    Pool = Pool
