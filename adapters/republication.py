"""Outcomes told again from the journal, after Redis was lost.

Nothing is told twice, although workers go on meanwhile: an outcome whose command is still in its stream is left to the
worker that will finish it; and since the step that removes a command tells its outcome, one whose command is gone has
been told before, or never. Of two that publish again at once, the script that appends tells what the other has told.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import redis
from sqlalchemy import Engine

from adapters.encoding import encode, event_in
from adapters.journal import outcomes_since
from adapters.keys import command_stream, outcome_stream
from adapters.redis_client import script
from adapters.redis_failures import redis_failures
from adapters.snapshot import snapshot
from domain.outcomes import Outcome
from spcm_client.portion import Portion

_AT_ONCE = 100  # outcomes, at most

_BYTES_AT_ONCE = 1024 * 1024
"""Of events that are appended; Redis does nothing else meanwhile."""


def republish(engine: Engine, client: "redis.Redis", tenant: str, since: datetime) -> int:
    """Append to the tenant's stream what the journal remembers from that time on and the stream lacks; how many.

    They keep their ids and times, and come after what is in the stream. What the journal does not remember (reads, dry
    runs, 400, 401, 403, 412, 500, 503, repeats) is lost with Redis. The ids of all events in the stream are held in
    memory. Raises Unavailable.
    """
    told = _Told(client, tenant)
    told.read_on()  # all that there is, before the database is kept waiting
    count = 0
    with snapshot(engine) as connection:
        outcomes = outcomes_since(connection, tenant, since)
        portion = Portion(_AT_ONCE)
        while some := list(islice(outcomes, portion.count)):
            portion.had([0 if outcome.data is None else len(outcome.data.text) for outcome in some])
            finished = _finished(client, some)
            told.read_on()
            count += told.append(outcome for outcome in finished if outcome.id not in told.ids)
    return count


class _Told:
    """The ids of the events in the tenant's stream, as far as it was read."""

    def __init__(self, client: "redis.Redis", tenant: str) -> None:
        self.ids: set[str] = set()
        self._client = client
        self._stream = outcome_stream(tenant)
        self._append_missing = script(client, "republish")
        self._position = "-"
        self._portion = Portion(_AT_ONCE)

    def read_on(self) -> None:
        while entries := self._next():
            events = [fields.get(b"event", b"") for _, fields in entries]
            self._portion.had([len(event) for event in events])
            self.ids.update(map(_event_id, events))
            self._position = f"({entries[-1][0].decode()}"

    def append(self, outcomes: Iterable[Outcome]) -> int:
        """But for those that somebody else has told since we read on; how many."""
        some: list[str | bytes] = []
        appended, size = 0, 0
        for outcome in outcomes:
            event = encode(outcome.event())
            some += [outcome.id, event]
            size += len(event)
            if size > _BYTES_AT_ONCE:
                appended += self._append(some)
                some, size = [], 0
        return appended + self._append(some)

    def _append(self, ids_and_events: Sequence[str | bytes]) -> int:
        if not ids_and_events:
            return 0
        with redis_failures():
            appended = int(self._append_missing(keys=[self._stream], args=[self._position, *ids_and_events]))
        self.read_on()  # or the script would look through what was just appended, again and again
        return appended

    def _next(self) -> Any:
        with redis_failures():
            return self._client.xrange(self._stream, self._position, count=self._portion.count)


def _finished(client: "redis.Redis", outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those whose commands no worker will finish any more."""
    with redis_failures(), client.pipeline(transaction=False) as pipeline:
        for outcome in outcomes:
            partition, _, entry = outcome.id.partition("-")
            pipeline.xrange(command_stream(int(partition)), entry, entry)
        waiting = pipeline.execute()
    return [outcome for outcome, found in zip(outcomes, waiting, strict=True) if not found]


def _event_id(event: bytes) -> str:
    return str(event_in(event).get("id", ""))  # what has none is somebody else's
