"""The bell, a thread beside each worker: it asks, through Celery, for a drain of each partition that has commands.

Every ten minutes it asks for the periodic clean-up too. It tells publishers the number of partitions where Redis has
lost it, and ends a worker whose loop stands still.

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

import redis
import structlog
from celery.platforms import EX_FAILURE
from celery.worker import state

from adapters.failures import Full, Unavailable
from adapters.installation import fix_partitions
from adapters.keys import BELLS, WORKER
from adapters.migrations import NotReady
from adapters.redis_client import connect
from adapters.redis_failures import redis_failures
from adapters.retention import claim_maintenance, trim_streams
from adapters.settings import settings
from adapters.streams import CommandStreams
from adapters.watch import Watch
from workers import composition
from workers.pulse import Pulse, end_at_once
from workers.queue import DRAIN, MAINTAIN, queue_entry

LOOK_EVERY = 1.0
"""Seconds between two looks for partitions that nobody was told of, and between two tries to reach a server."""

STOP_CHECK_EVERY = 0.2
"""Seconds after which the bell looks whether the worker is about to end."""

STANDSTILL = 60.0
"""Seconds, beyond those that a batch may take, after which Celery's loop must have gone on while Redis answered."""

PAUSE_BETWEEN_ROUNDS = 0.002
"""Seconds between two rounds: under load a round is for many commands."""

log = structlog.get_logger()


def ring(streams: CommandStreams, partitions: Collection[int]) -> None:
    """Ask for a drain of each, unless one has been asked for and has not ended. Raises Unavailable."""
    if partitions:
        streams.ring(BELLS, {partition: queue_entry(DRAIN, [partition]) for partition in partitions})


class Bell:
    """Rings until `stopping` is set; ends the worker where its `pulse`, if it has one, stands still."""

    def __init__(self, stopping: threading.Event, pulse: Pulse | None) -> None:
        self._stopping = stopping
        self._pulse = pulse

    def run(self) -> None:
        """Ring. What ends the bell ends the worker: one that never rings seems to work."""
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
        longest_standstill, answering_since = STANDSTILL + chosen.batch_time_limit, time.monotonic()
        while not self._stopping.is_set():
            if self._pulse and self._pulse.stands_still(longest_standstill, since=answering_since):
                end_at_once()
            try:
                self._ring_for_a_while(streams, watch)
                fix_partitions(client, chosen.partitions)  # publishers who find no number take the default
                if claim_maintenance(client):
                    with redis_failures():
                        client.lpush(BELLS, queue_entry(MAINTAIN, []))
            except Unavailable as outage:
                log.warning("bell-waits", reason=str(outage))
                if isinstance(outage, Full):
                    _make_room(client, chosen.outcome_retention)
                watch.start_over()
                self._stopping.wait(LOOK_EVERY)
                answering_since = time.monotonic()

    def _ring_for_a_while(self, streams: CommandStreams, watch: Watch) -> None:
        """At once for commands that come; after a while for all partitions that have any."""
        until = time.monotonic() + LOOK_EVERY
        while (left := until - time.monotonic()) > PAUSE_BETWEEN_ROUNDS and not self._stopping.is_set():
            ring(streams, watch.wait(min(left, STOP_CHECK_EVERY)))
            time.sleep(PAUSE_BETWEEN_ROUNDS)
        ring(streams, watch.all_with_entries())


def _make_room(client: "redis.Redis", kept: timedelta) -> None:
    """A full Redis takes neither the claim of the clean-up nor its bell."""
    with suppress(Unavailable):
        trim_streams(client, kept, LOOK_EVERY)


def _name() -> str:
    """Where this worker runs; Redis takes no spaces in it."""
    return f"{WORKER}{re.sub('[^!-~]', '_', socket.gethostname())}:{os.getpid()}"
