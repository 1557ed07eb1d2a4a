"""The step of a worker's start that waits for its servers, and lets the bell run beside it."""

import threading
import time
from typing import Any

import structlog
from celery import bootsteps
from celery.worker import state

from adapters.failures import Interrupted
from adapters.installation import prepare
from adapters.migrations import NotReady
from adapters.redis_client import connect
from adapters.settings import settings
from workers import composition
from workers.bell import LOOK_EVERY, Bell
from workers.pulse import Pulse

log = structlog.get_logger()


class BellRinger(bootsteps.StartStopStep):
    """Runs the bell beside an ordinary worker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, parent: Any) -> None:
        """Raises SystemExit where the installation is not ready; waits for servers that cannot be reached.

        Raises WorkerShutdown where the worker is asked to stop while it waits.
        """
        _wait_until_ready()
        pulse = Pulse(parent.hub) if parent.hub else None  # some pools do without an event loop
        self._thread = threading.Thread(target=Bell(self._stopping, pulse).run, daemon=True, name="bell")
        self._thread.start()

    def stop(self, parent: Any) -> None:  # noqa: ARG002
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=2 * LOOK_EVERY)

    terminate = stop


def _wait_until_ready() -> None:
    chosen = settings()
    engine = composition.engine(chosen)
    try:
        with connect(chosen.redis) as client:
            while True:
                state.maybe_shutdown()
                try:
                    return prepare(engine, client, chosen.partitions)
                except Interrupted as outage:
                    log.warning("waiting-for-servers", reason=str(outage))
                    time.sleep(LOOK_EVERY)
    except NotReady as wrong:
        log.error("not-ready", reason=str(wrong))
        raise SystemExit(1) from None
    finally:
        engine.dispose()
