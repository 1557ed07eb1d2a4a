"""The command streams: what is in them is still to do, and scripts take and finish it."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import redis

from adapters.encoding import encode
from adapters.failures import Unavailable
from adapters.keys import DEAD_LETTERS, bell_claim, command_stream, outcome_stream, take_record
from adapters.redis_client import script, time_of
from adapters.redis_failures import redis_failures
from domain.outcomes import Outcome
from domain.requests import LARGEST_BULK

BELL_LOST_AFTER = 2_000
"""Milliseconds after which a bell is rung again, even if the drain that it asked for has not begun."""

SILENCE_AFTER_TAKE = 300
"""Milliseconds after a take in which no bell is rung: its taker looks for what comes meanwhile, unless it dies."""

SILENCE_AFTER_OUTAGE = 500
"""Milliseconds after an outage in which no bell is rung: commands that come meanwhile would meet the same."""

REPLIES_KEPT = timedelta(seconds=300)
LARGEST_BATCH = LARGEST_BULK
"""Bytes of entries that are taken at once, unless the first alone is larger."""


class Entry(NamedTuple):
    """One entry of a command stream; `raw` is None where it has no command, or one too large to be read.

    `size` is that of the command, in bytes; -1 where there is none.
    """

    id: str
    size: int
    raw: bytes | None


@dataclass(frozen=True, slots=True)
class Taken:
    """Commands that nobody else can finish, until somebody else takes them.

    `tries`: how often the first was taken without an end or an excuse, this time included. `deaths`: how often of these
    it was taken alone, this time excluded. `refused`: too many were waiting before them.
    """

    token: str
    entries: Sequence[Entry]
    refused: bool
    deaths: int
    tries: int


class Announcement(NamedTuple):
    """An outcome to be told, and where; `error` makes the failed command a dead letter too, as much as can be kept."""

    entry: str
    outcome: Outcome
    reply_to: str | None = None
    failed_command: bytes = b""
    error: str = ""
    tries: int = 0


class NotOurs(Unavailable):
    """Raised when a partition was taken by somebody else since: what was not committed is theirs to decide."""


class CommandStreams:
    """The partitions' streams, for the one who executes what they hold."""

    def __init__(self, client: "redis.Redis", *, backlog_limit: int, outcome_retention: timedelta) -> None:
        self._client = client
        self._backlog_limit = backlog_limit
        self._kept = int(outcome_retention.total_seconds() * 1000)
        self._ring = script(client, "ring")
        self._take = script(client, "take")
        self._finish = script(client, "finish")
        self._forgive = script(client, "forgive")
        self._unforgiven: dict[int, str] = {}

    def now(self) -> datetime:
        """What time it is by Redis' clock. Raises Unavailable."""
        return time_of(self._client)

    def take(self, partition: int, *, at_most: int) -> Taken:
        """The partition's next commands, oldest first. Raises Unavailable."""
        if partition in self._unforgiven:  # or a Redis that is slow for a while would add up to deaths
            self.forgive(partition, self._unforgiven[partition])
        token = secrets.token_hex(8)
        try:
            with redis_failures():
                deaths, tries, entries, refused = self._take(
                    keys=[command_stream(partition), take_record(partition), bell_claim(partition)],
                    args=[token, at_most, LARGEST_BATCH, self._backlog_limit, LARGEST_BULK, SILENCE_AFTER_TAKE],
                )
        except Unavailable:
            with suppress(Unavailable):
                self.forgive(partition, token)  # Redis may have done it, and only its answer is lost
            raise
        return Taken(token, _entries(entries), bool(refused), deaths, tries)

    def finish(self, partition: int, token: str, announcements: Iterable[Announcement]) -> int:
        """Tell these outcomes and remove their commands; how many are left. Raises NotOurs, Unavailable."""
        arguments: list[bytes | str | int] = [token, self._kept, int(REPLIES_KEPT.total_seconds())]
        for each in announcements:
            event = encode(each.outcome.event())
            stream = outcome_stream(each.outcome.tenant)
            entry = each.entry
            arguments += [entry, stream, event, each.reply_to or "", each.failed_command, each.error, each.tries]
        with redis_failures():
            keys = [command_stream(partition), take_record(partition), DEAD_LETTERS, bell_claim(partition)]
            left = int(self._finish(keys=keys, args=arguments))
        if left == -1:
            raise NotOurs
        if left == -2:
            raise Unavailable("Redis: a key of an outcome stream or of the dead letters is of another type")
        if left < 0:
            raise Unavailable("Redis: an outcome stream or the dead letters take no more: no right, or no id is left")
        return left

    def forgive(self, partition: int, token: str) -> None:
        """What ended this taker's try was no fault of the first command.

        Raises Unavailable; then it is made up for before the next take.
        """
        self._unforgiven[partition] = token
        with redis_failures():
            self._forgive(keys=[take_record(partition)], args=[token])
        del self._unforgiven[partition]

    def ring(self, queue: str, bells: Mapping[int, str]) -> list[int]:
        """Put bells into the queue, each at most once, until its drain has emptied the partition or it counts as lost.

        Returns the partitions whose bell was put there. Raises Unavailable.
        """
        with redis_failures():
            keys = [queue, *(bell_claim(partition) for partition in bells)]
            rung = self._ring(keys=keys, args=[BELL_LOST_AFTER, *bells.values()])
        return [partition for partition, ours in zip(bells, rung, strict=True) if ours]

    def silence_bell(self, partition: int) -> None:
        """Let nobody ring for a moment. Raises Unavailable."""
        with redis_failures():
            self._client.set(bell_claim(partition), 1, px=SILENCE_AFTER_OUTAGE)

    def release_bell(self, partition: int) -> int:
        """Give the bell's claim back: from now on it is rung for whatever comes. How many commands there are already.

        Raises Unavailable.
        """
        with redis_failures(), self._client.pipeline(transaction=False) as pipeline:
            pipeline.delete(bell_claim(partition))
            pipeline.xlen(command_stream(partition))
            return int(pipeline.execute()[1])


def _entries(told: Iterable[tuple[bytes, int, bytes | None]]) -> list[Entry]:
    return [Entry(entry.decode(), size, raw) for entry, size, raw in told]
