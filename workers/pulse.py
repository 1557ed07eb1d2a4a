"""The pulse of Celery's event loop: a worker whose loop stands still looks alive, and does nothing.

That was seen once in an hour of faults, after pool processes and the broker's connection had been lost at once.
"""

import os
import signal
import sys
import threading
import time
import traceback
from typing import Any

import billiard
import structlog
from celery.platforms import EX_FAILURE

log = structlog.get_logger()


class Pulse:
    """Beats with each turn of the loop, which takes a second or so at most."""

    def __init__(self, hub: Any) -> None:
        self._beaten = time.monotonic()
        hub.on_tick.add(self.beat)

    def beat(self) -> None:
        """The loop has begun a turn."""
        self._beaten = time.monotonic()

    def stands_still(self, seconds: float, *, since: float) -> bool:
        """Whether there was no beat for so long, counted from `since` (by the monotonic clock) if that is later."""
        return time.monotonic() - max(self._beaten, since) > seconds


def end_at_once() -> None:
    """Kill the pool and exit: Celery's loop, which would end the worker in order, no longer runs."""
    log.error("worker-stands-still", at=_where_it_stands())
    for process in billiard.active_children():
        if process.pid:
            os.kill(process.pid, signal.SIGKILL)
    os._exit(EX_FAILURE)


def _where_it_stands() -> str:
    """What the main thread, in which the loop runs, is at: for the log."""
    main = threading.main_thread().ident
    frame = sys._current_frames().get(main) if main is not None else None
    return "".join(traceback.format_stack(frame))
