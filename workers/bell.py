"""The bell: asks, through Celery, for a drain of each partition in which there is something to do; now and then, too,
for the periodic clean-up. It tells publishers the number of partitions where Redis has lost it.

A bell carries no data, so it may get lost (a moment later the next one is rung) or come twice (the second finds
nothing). Nothing here depends on a clock: a bell with an expiry would be dropped where two machines' clocks differ.
"""

import os
import re
import socket
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from typing import Any

import redis
import structlog
from celery import bootsteps
from celery.platforms import EX_FAILURE
from celery.worker import state

from adapters.failures import Full, Interrupted, Unavailable, redis_failures
from adapters.installation import fix_partitions, prepare
from adapters.migrations import NotReady
from adapters.retention import claim_maintenance, trim_streams
from adapters.settings import settings
from adapters.streams import WORKER, CommandStreams, connect
from adapters.watch import Watch
from workers import composition
from workers.pulse import Pulse, end_at_once
from workers.queue import BELLS, DRAIN, MAINTAIN, bell

PATIENCE = 1.0
"""Seconds between two looks for partitions that nobody was told of, and between two tries to reach a server."""

ATTENTION = 0.2
"""Seconds after which the bell looks whether the worker is about to end."""

STANDSTILL = 60.0
"""Seconds, beyond those that a batch may take, after which Celery's loop must have gone on while Redis answered."""

BREATH = 0.002
"""Seconds between two rounds: under load a round is for many commands."""

log = structlog.get_logger()


def ring(streams: CommandStreams, partitions: Collection[int]) -> None:
    """Ask for a drain of each, unless somebody has and the drain is not at its end. Raises Unavailable."""
    if partitions:
        streams.ring(BELLS, {partition: bell(DRAIN, [partition]) for partition in partitions})


class BellRinger(bootsteps.StartStopStep):
    """Runs the bell beside an ordinary worker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="bell")
        self._pulse: Pulse | None = None

    def start(self, parent: Any) -> None:
        """Raises SystemExit where the installation is not ready; waits for servers that cannot be reached.

        Raises WorkerShutdown where the worker is asked to stop while it waits.
        """
        _wait_until_ready()
        if parent.hub:  # some pools do without an event loop
            self._pulse = Pulse(parent.hub)
        self._thread.start()

    def stop(self, parent: Any) -> None:  # noqa: ARG002
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=2 * PATIENCE)

    terminate = stop

    def _run(self) -> None:
        """Ring until the worker ends. What ends the bell ends the worker: one that never rings seems to work."""
        try:
            self._ring_until_stopped()
        except NotReady as wrong:
            log.error("not-ready", reason=str(wrong))
        except Exception as bug:
            log.error("bell-failed", error=type(bug).__name__, exc_info=bug)
        else:
            return
        state.should_stop = EX_FAILURE  # type: ignore[assignment]  # celery-types knows only its first value

    def _ring_until_stopped(self) -> None:
        chosen = settings()
        client = connect(chosen.redis, name=_name())
        streams = composition.streams(chosen)
        watch = Watch(client, chosen.partitions)
        patience, answering_since = STANDSTILL + chosen.batch_time_limit, time.monotonic()
        while not self._stopping.is_set():
            if self._pulse and self._pulse.stands_still(patience, since=answering_since):
                end_at_once()
            try:
                self._ring_for_a_while(streams, watch)
                fix_partitions(client, chosen.partitions)  # publishers who find no number take the default
                if claim_maintenance(client):
                    with redis_failures():
                        client.lpush(BELLS, bell(MAINTAIN, []))
            except Unavailable as outage:
                log.warning("bell-waits", reason=str(outage))
                if isinstance(outage, Full):
                    _make_room(client, chosen.outcome_retention)
                watch.start_over()
                self._stopping.wait(PATIENCE)
                answering_since = time.monotonic()

    def _ring_for_a_while(self, streams: CommandStreams, watch: Watch) -> None:
        """At once for commands that come; after a while for all partitions that have any."""
        until = time.monotonic() + PATIENCE
        while (left := until - time.monotonic()) > BREATH and not self._stopping.is_set():
            ring(streams, watch.wait(min(left, ATTENTION)))
            time.sleep(BREATH)
        ring(streams, watch.all_with_entries())


def _make_room(client: "redis.Redis", kept: timedelta) -> None:
    """A full Redis takes neither the claim of the clean-up nor its bell."""
    with suppress(Unavailable):
        trim_streams(client, kept, PATIENCE)


def _name() -> str:
    """Where this worker runs; Redis takes no spaces in it."""
    return f"{WORKER}{re.sub('[^!-~]', '_', socket.gethostname())}:{os.getpid()}"


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
                    time.sleep(PATIENCE)
    except NotReady as wrong:
        log.error("not-ready", reason=str(wrong))
        raise SystemExit(1) from None
    finally:
        engine.dispose()
