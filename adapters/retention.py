"""Forgetting what is older than its retention: the journal's records, outcomes, dead letters."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import redis
from sqlalchemy import Engine

from adapters.journal import forget_before
from adapters.keys import DEAD_LETTERS, MAINTENANCE
from adapters.redis_client import outcome_streams, time_of
from adapters.redis_failures import redis_failures

EVERY = timedelta(minutes=10)
_AT_ONCE = 5_000

BUDGET = 1.0
"""Seconds after which a turn ends, half of them for streams; what is left then has the next turn at once."""

_STREAMS_AT_ONCE = 100
"""Streams trimmed in one round trip. One XTRIM removes at most 10,000 entries, and nobody else is served meanwhile."""


def claim_maintenance(client: "redis.Redis") -> bool:
    """Whether it is time, and the caller's turn. Raises Unavailable."""
    with redis_failures():
        if client.set(MAINTENANCE, 1, nx=True, ex=EVERY):
            return True
        # The claim may have no expiry, or one far off because Redis' clock went back: shorten it.
        client.expire(MAINTENANCE, EVERY, lt=True)
        return False


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept, and for how long."""

    engine: Engine
    client: "redis.Redis"
    journal: timedelta
    outcomes: timedelta
    budget: float = BUDGET

    def run(self) -> int:
        """Forget what is older; how many records of the journal that were. Raises Interrupted."""
        trimmed = trim_streams(self.client, self.outcomes, self.budget / 2)
        # The earlier of two clocks: what is forgotten too early is executed twice.
        old = min(time_of(self.client), datetime.now(UTC)) - self.journal
        forgotten, deadline = 0, time.monotonic() + self.budget / 2
        while some := self._forget_some(old):
            forgotten += some
            if time.monotonic() > deadline:
                break
        if some or not trimmed:
            with redis_failures():
                self.client.delete(MAINTENANCE)
        return forgotten

    def _forget_some(self, old: datetime) -> int:
        # A few at a time, each in a transaction of its own: nobody waits long for it.
        with self.engine.begin() as connection:
            return forget_before(connection, old, _AT_ONCE)


def trim_streams(client: "redis.Redis", kept: timedelta, budget: float) -> bool:
    """Remove outcomes and dead letters that are older; whether all that were are gone.

    Each stream is trimmed once, and those that had some again until `budget` seconds are over. A Redis that is full
    allows it: it needs no memory.

    Raises Unavailable.
    """
    oldest = max(0, int((time_of(client).timestamp() - kept.total_seconds()) * 1000))
    with redis_failures():
        letters = [DEAD_LETTERS.encode()] if client.type(DEAD_LETTERS) == b"stream" else []
        streams = [*letters, *outcome_streams(client)]
        left = _trim(client, streams, oldest)
        deadline = time.monotonic() + budget
        while left and time.monotonic() < deadline:
            left = _trim(client, left, oldest)
    return not left


def _trim(client: "redis.Redis", streams: list[bytes], oldest: int) -> list[bytes]:
    """The streams that had entries from before that time; there may be more in them."""
    had = []
    for at in range(0, len(streams), _STREAMS_AT_ONCE):
        some = streams[at : at + _STREAMS_AT_ONCE]
        with client.pipeline(transaction=False) as pipeline:
            for stream in some:
                pipeline.xtrim(stream, minid=oldest, approximate=True)
            had += [stream for stream, removed in zip(some, pipeline.execute(), strict=True) if removed]
    return had
