"""Reading a tenant's outcomes as a consumer group: several readers share them, and each resumes where it was."""

import time
from collections.abc import Iterator

from redis import Redis, ResponseError

from spcm_client.connections import connect, execute_once, longest_block, losses_told, pause_after_loss
from spcm_client.errors import ConnectionLost, MalformedOutcome
from spcm_client.outcomes import Outcome
from spcm_client.patience import Patience
from spcm_client.streams import BEFORE_ALL, Entry, entries_of, entries_read, outcome_stream

_COUNT = 16  # entries a consumer holds at once: few, since another may claim those that wait too long for their turn


class OutcomeGroup:
    """A named group of readers of one tenant's outcomes. Each outcome goes to one of them, at least once.

    The group is kept in Redis, with what each consumer has not acknowledged. `start` says where it begins when it is
    first made: `"now"`, `"start"` (the oldest outcome that is kept), or a `stream_id`. Where Redis has lost the group,
    it begins again with everything that is kept: outcomes come twice rather than never.

    Raises redis-py's errors where Redis cannot be reached, or the group not be made.
    """

    def __init__(self, redis: Redis | str, tenant: str, group: str, *, start: str = "now") -> None:
        self._redis = connect(redis)
        self._stream = outcome_stream(tenant)
        self._group = group
        with losses_told():
            _make_group(self._redis, self._stream, group, {"now": "$", "start": BEFORE_ALL}.get(start, start))

    def follow_as(self, consumer: str, *, claim_after: float = 60.0, idle: float | None = None) -> Iterator[Outcome]:
        """The outcomes that fall to `consumer`, a name that is its own and the same after a restart.

        First those it had not acknowledged when it last ended, then those of consumers that have left one lying for
        `claim_after` seconds, then new ones. An outcome is acknowledged when the loop asks for the next one: one whose
        loop body raised, or ended the loop, comes again. Since a consumer takes up to 16 at once, `claim_after` must be
        longer than 16 loop bodies take, or another gets some of them too. A reader that must not act twice dedupes on
        the outcome's `id`. With more than one consumer the order is lost.

        It ends when no outcome came for `idle` seconds; None: never. A lost connection is waited out.

        Raises `MalformedOutcome`, once: that entry counts as acknowledged, so that a loop begun again goes on after it.
        """
        patience = Patience(idle, longest_block(self._redis))
        reader = _Consumer(self._redis, self._stream, self._group, consumer, claim_after)
        while (block := patience.block()) is not None:
            entries = reader.next(block)
            for entry in entries:
                yield from _tell(entry, reader)
            if entries:
                patience.renew()


def _make_group(redis: Redis, stream: str, group: str, position: str) -> None:
    try:
        execute_once(redis, "XGROUP", "CREATE", stream, group, position, "MKSTREAM")
    except ResponseError as error:
        if not str(error).startswith("BUSYGROUP"):  # it is there
            raise


def _tell(entry: Entry, reader: "_Consumer") -> Iterator[Outcome]:
    if entry.fields is not None:  # else trimmed, being older than the retention: only its place on the list is left
        try:
            outcome = entry.outcome()
        except MalformedOutcome:
            reader.acknowledge(entry)
            raise
        yield outcome
    reader.acknowledge(entry)


class _Consumer:
    """A member of the group: which entries it takes next, and that it is done with one."""

    def __init__(self, redis: Redis, stream: str, group: str, name: str, claim_after: float) -> None:
        self._redis = redis
        self._stream = stream
        self._group = group
        self._name = name
        self._claim_after = claim_after
        self._own_after: str | None = BEFORE_ALL  # None: all of its own unacknowledged entries have been told
        self._claim_due = time.monotonic()
        self._claim_cursor = BEFORE_ALL

    def next(self, block: int) -> list[Entry]:
        """Its own unacknowledged entries, else abandoned ones, else new ones within `block` milliseconds."""
        try:
            return self._take(block)
        except ConnectionLost:
            # Entries may have been given to this consumer by an answer that was lost: they are its own now.
            self._own_after = BEFORE_ALL
            pause_after_loss()
            return []

    def _take(self, block: int) -> list[Entry]:
        try:
            return self._own() or self._abandoned() or self._new(block)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            _make_group(self._redis, self._stream, self._group, BEFORE_ALL)
            return []

    def acknowledge(self, entry: Entry) -> None:
        while True:
            try:
                execute_once(self._redis, "XACK", self._stream, self._group, entry.stream_id)
                return
            except ConnectionLost:
                pause_after_loss()

    def _own(self) -> list[Entry]:
        if self._own_after is None:
            return []
        entries = self._read("STREAMS", self._stream, self._own_after)
        self._own_after = entries[-1].stream_id if entries else None
        return entries

    def _abandoned(self) -> list[Entry]:
        if time.monotonic() < self._claim_due:
            return []
        entries = self._claim()
        while not entries and self._claim_cursor != BEFORE_ALL:
            entries = self._claim()
        if self._claim_cursor == BEFORE_ALL:  # all has been looked at
            self._claim_due = time.monotonic() + self._claim_after / 2
        return entries

    def _new(self, block: int) -> list[Entry]:
        until_claim = int((self._claim_due - time.monotonic()) * 1000)
        return self._read("BLOCK", max(1, min(block, until_claim)), "STREAMS", self._stream, ">")

    def _claim(self) -> list[Entry]:
        idle = int(self._claim_after * 1000)
        command = ("XAUTOCLAIM", self._stream, self._group, self._name, idle, self._claim_cursor, "COUNT", _COUNT)
        answer = execute_once(self._redis, *command)
        self._claim_cursor = answer[0].decode()
        return entries_of(entry for entry in answer[1] if entry is not None)  # Redis 6.2 tells trimmed ones as null

    def _read(self, *rest: str | int) -> list[Entry]:
        command = ("XREADGROUP", "GROUP", self._group, self._name, "COUNT", _COUNT, *rest)
        return entries_read(execute_once(self._redis, *command))
