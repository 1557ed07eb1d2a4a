"""Forgetting what is older than its retention: the journal's records, outcomes, dead letters."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import redis
from sqlalchemy import Engine

from adapters.failures import redis_failures
from adapters.journal import forget_before
from adapters.streams import DEAD_LETTERS, OUTCOMES, time_of

EVERY = timedelta(minutes=10)
_CLAIM = "spcm:maintenance"
_AT_ONCE = 5_000

BUDGET = 1.0
"""Seconds after which a turn ends, well before its task's time limit; what is left has the next turn at once."""


def claim_maintenance(client: "redis.Redis") -> bool:
    """Whether it is time, and the caller's turn. Raises Unavailable."""
    with redis_failures():
        if client.set(_CLAIM, 1, nx=True, ex=EVERY):
            return True
        # One that never ends, or later than we let it, after Redis' clock went back.
        client.expire(_CLAIM, EVERY, lt=True)
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
        """Forget what is older; how many records of the journal that were. Raises Unavailable."""
        deadline = time.monotonic() + self.budget
        now = time_of(self.client)
        self._trim_streams(now)
        # The earlier of two clocks: what is forgotten too early is executed twice.
        old = min(now, datetime.now(UTC)) - self.journal
        forgotten = 0
        while some := self._forget_some(old):
            forgotten += some
            if time.monotonic() > deadline:
                self._ask_for_another_turn()
                break
        return forgotten

    def _ask_for_another_turn(self) -> None:
        with redis_failures():
            self.client.delete(_CLAIM)

    def _trim_streams(self, now: datetime) -> None:
        oldest = int((now.timestamp() - self.outcomes.total_seconds()) * 1000)
        with redis_failures():
            for stream in (DEAD_LETTERS.encode(), *self.client.scan_iter(match=f"{OUTCOMES}*", count=1000)):
                if self.client.type(stream) == b"stream":
                    self.client.xtrim(stream, minid=max(oldest, 0), approximate=True)

    def _forget_some(self, old: datetime) -> int:
        # A few at a time, each in a transaction of its own: nobody waits long for it.
        with self.engine.begin() as connection:
            return forget_before(connection, old, _AT_ONCE)
