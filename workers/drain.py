"""The drain: execute what a partition holds, batch by batch, in order."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from sqlalchemy import Engine

from adapters.authenticator import Authenticator
from adapters.drain_lock import drain_lock
from adapters.failures import Contended, Held, Interrupted, Stalled, TookTooLong, Unavailable
from adapters.heartbeat import Heartbeat
from adapters.keys import added_at
from adapters.partition_lock import lock_partition
from adapters.streams import CommandStreams, Entry, NotOurs, Taken
from domain.outcomes import event_id_of
from domain.state import Defaults
from workers.batch import Batch
from workers.case import Case, announcements, case_of
from workers.failpoints import failpoint
from workers.suspect import Suspect

BUDGET = 1.0
"""Seconds that a drain goes on while the partition is not empty; then other partitions have their turn."""

MOST_ITEMS = 1_000
"""Bulk items in a batch, unless its first command alone has more."""

MOST_DEATHS = 3
"""A command that was taken this often alone, without an end, is not executed again."""

NEVER_ENDED = "NeverEnded"
"""The error of a command that is given up since it killed its worker, hung, or took the database too long."""

TOLERATED_CLOCK_LAG = 60.0
"""Seconds that our clock may be behind; beyond them commands are recorded as executed at Redis' time."""

log = structlog.get_logger()


@dataclass(slots=True)
class Drain:
    """Executes commands, for one process."""

    engine: Engine
    streams: CommandStreams
    authenticator: Authenticator
    defaults: Defaults
    batch_size: int = 1000
    _suspects: dict[int, Suspect] = field(default_factory=dict)
    """Of partitions whose drain's time was over before it was known who is to blame."""

    def run(self, partition: int) -> bool:
        """Execute what the partition holds; whether something may be left. An outage is logged and waited out."""
        try:
            return self._run(partition)
        except NotOurs:
            log.info("partition-taken-over", partition=partition)
        except Unavailable as outage:
            log.warning("waiting", partition=partition, reason=str(outage) or type(outage).__name__)
            with suppress(Unavailable):
                self.streams.silence_bell(partition)
        return False

    def _run(self, partition: int) -> bool:
        deadline = time.monotonic() + BUDGET
        suspect = self._suspects.pop(partition, None) or Suspect(self.batch_size)
        done, hindrance = 0, ""
        while time.monotonic() < deadline:
            try:
                # What is left is asked after the commit: a drain that found the row locked before relies on us.
                if not self._batch(partition, suspect):
                    return False
                done += 1
                suspect.acquit()
            except Contended as contended:
                rounds = suspect.hindered(contended)
                log.info("trying-again", partition=partition, reason=str(contended), rounds=rounds)
                if isinstance(contended, Held | TookTooLong):
                    hindrance = str(contended)
            except Interrupted:
                raise
            except Exception as bug:  # what cannot be written is a bug like one that raises
                error = type(bug).__name__
                log.error("batch-failed", partition=partition, event_id=suspect.event_id, error=error, exc_info=bug)
                if suspect.error or not suspect.event_id:  # not even its failure can be written, or nothing was taken
                    raise Unavailable(error) from bug
                suspect.failed(bug)
        if hindrance and not done:
            log.warning("waiting", partition=partition, reason=hindrance)
        if suspect.undecided:
            self._suspects[partition] = suspect
        self.streams.release_bell(partition)
        return True

    def _batch(self, partition: int, suspect: Suspect) -> int:
        """Execute one batch; how many commands are left, 0 also where somebody else is at them."""
        if self.engine.dialect.name != "sqlite":
            return self._transaction(partition, suspect)
        with drain_lock(self.engine, partition) as ours:
            if not ours:
                return 0
            left = self._transaction(partition, suspect)
        # A drain that was turned away after we had asked what is left relies on us, and its bell is still claimed.
        return left or self.streams.release_bell(partition)

    def _transaction(self, partition: int, suspect: Suspect) -> int:
        with self.engine.connect() as connection, connection.begin() as transaction:
            lock = lock_partition(connection, partition)
            if lock is None:
                return 0
            heartbeat = Heartbeat(connection)
            taken = self.streams.take(partition, at_most=suspect.at_most)
            if not taken.entries:
                return 0
            with self._forgiving(partition, taken, even_if_stalled=True):  # it is Redis that the session has waited for
                now = self._now(taken.entries)
                heartbeat.beat()
            failpoint("taken")
            with self._forgiving(partition, taken):
                first, last = (event_id_of(partition, each.id) for each in (taken.entries[0], taken.entries[-1]))
                against = suspect.begin(first, last=last)
                condemned = against or (NEVER_ENDED if taken.deaths >= MOST_DEATHS else "")
                cases = self._cases(partition, taken.entries, heartbeat, condemned=condemned)
                batch = Batch(connection, self.authenticator, self.defaults, now, lock)
                decided = batch.refuse(cases) if taken.refused else batch.execute(cases)
                failpoint("written")
                transaction.commit()
        failpoint("committed")
        with self._forgiving(partition, taken):
            left = self.streams.finish(partition, taken.token, announcements(decided, taken.tries))
        failpoint("finished")
        return left

    def _now(self, entries: Sequence[Entry]) -> datetime:
        """When the batch is executed, for the record.

        Where the entries' ids are far ahead of our clock, Redis' time counts: what is recorded too early, the journal
        forgets too early. Redis is asked since a publisher can choose ids.
        """
        now = datetime.now(UTC)
        sent = added_at(entries[-1].id)
        return max(now, self.streams.now()) if sent > now.timestamp() + TOLERATED_CLOCK_LAG else now

    @contextmanager
    def _forgiving(self, partition: int, taken: Taken, *, even_if_stalled: bool = False) -> Iterator[None]:
        """Where it fails inside, the try is no death of the first command, unless that may be what we stalled on."""
        try:
            yield
        except Exception as failure:
            if isinstance(failure, Stalled | TookTooLong) and not even_if_stalled:
                raise
            with suppress(Unavailable):
                self.streams.forgive(partition, taken.token)
            raise

    def _cases(self, partition: int, entries: Sequence[Entry], heartbeat: Heartbeat, *, condemned: str) -> list[Case]:
        """As many of the entries, in order, as one batch may hold; at least the first, which may be condemned."""
        cases: list[Case] = []
        items = 0
        for entry in entries:
            case = case_of(partition, entry, condemned="" if cases else condemned)
            heartbeat.beat()
            command = case.command
            items += command.operation.items_in(command.request) if command.operation else 0
            if cases and items > MOST_ITEMS:
                break
            cases.append(case)
        return cases
