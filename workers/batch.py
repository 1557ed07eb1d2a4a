"""One batch: from stream entries to outcomes, within one database transaction.

Checks run in the contract's order (docs/contract.md, section 3). The batch knows no operation by name.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from adapters.authenticator import Authenticator
from adapters.encoding import JsonText, encode
from adapters.failures import Interrupted
from adapters.heartbeat import Heartbeat
from adapters.journal import Journal, Record
from adapters.partition_lock import Kept, PartitionLock
from adapters.repository import UnitOfWork
from adapters.rows import Rows
from domain.errors import Failed, Overloaded, Refused, Unprocessable
from domain.outcomes import Outcome, outcome_of, replay_of
from domain.resources import Kind
from domain.results import Result, refusal
from domain.state import Defaults
from domain.strict_json import decode
from workers.case import Case
from workers.failpoints import failpoint
from workers.senders import attribute, authenticate

LARGEST_ANSWERS = 8 * 1024 * 1024
"""Bytes of answers after which a batch ends: they are all told at once."""

LONGEST_BATCH = 2.0
"""Seconds of executing after which a batch ends: others wait for what it has locked, with SQLite for all there is."""

log = structlog.get_logger()


class Batch:
    """The commands of one transaction."""

    def __init__(
        self,
        connection: Connection,
        authenticator: Authenticator,
        defaults: Defaults,
        now: datetime,
        lock: PartitionLock,
    ) -> None:
        self._connection = connection
        self._authenticator = authenticator
        self._defaults = defaults
        self._now = now
        self._heartbeat = Heartbeat(connection)
        self._journal = Journal(connection)
        self._lock = lock
        self._unremembered: list[Case] = []
        self._unremembered_before_change = 0
        self._answered = 0

    def refuse(self, cases: Sequence[Case]) -> Sequence[Case]:
        """Give the cases the outcomes of commands that came when too many were waiting. Returns all of them.

        Those that the journal or the partition's row knows, from a batch whose end is unknown, keep their outcome.
        """
        attribute(cases, self._connection)
        self._prefetch_journal(cases)
        for case in cases:
            if not self._decided_before(case):
                case.result = refusal(case.command.fault or Overloaded(), case.command.subject)
                case.outcome = self._outcome(case)
        self._lock.keep((), first=cases[0].event_id)
        return cases

    def execute(self, cases: Sequence[Case]) -> Sequence[Case]:
        """Give the cases, of which there is one at least, their outcomes, and write what they changed.

        Returns those that were decided: fewer than given where answers became too many to be told at once, passwords
        too many to verify, or the time too long.

        Raises:
            Interrupted: nothing is decided; what was written is to be rolled back.

        """
        directory = attribute(cases, self._connection)
        cases = authenticate(cases, directory, self._authenticator, self._heartbeat)
        for case in cases:
            self._guarded(case, self._check)
        self._prefetch_journal(cases)
        unit = self._load(cases)
        decided = []
        enough = time.monotonic() + LONGEST_BATCH
        for case in cases:
            if not self._decided_before(case):
                self._decide(case, unit)
            decided.append(case)
            if self._answered > LARGEST_ANSWERS or time.monotonic() > enough:
                break
        failpoint("decided")
        unit.write()
        self._journal.write()
        unremembered = self._unremembered[: self._unremembered_before_change]
        self._lock.keep([_to_keep(case) for case in unremembered], first=cases[0].event_id)
        return decided

    def _prefetch_journal(self, cases: Iterable[Case]) -> None:
        self._journal.prefetch([case.key for case in cases if case.command.fault is None])

    def _check(self, case: Case) -> None:
        command = case.command
        if command.fault is not None:  # not raised: with its traceback it would hold its command, and so itself
            case.result = refusal(command.fault, command.subject)
            return
        if case.principal is None or command.operation is None:
            return
        command.operation.authorise(case.principal)
        if case.condemned:  # it may be the check of what it asks for that it died of
            case.result = self._failed(case, case.condemned)
            return
        case.work = command.operation.prepare(case.principal, command.request)

    def _load(self, cases: Sequence[Case]) -> UnitOfWork:
        locked: set[tuple[str, Kind[Any]]] = set()
        wanted = []
        for case in cases:
            if case.work is not None and self._journal.find(*case.key) is None:
                tenant, _ = case.key
                for kind in case.work.locks:
                    locked.add((tenant, kind))
                wanted += [(tenant, lookup) for lookup in case.work.lookups]
        unit = UnitOfWork(Rows(self._connection, {kind for _, kind in locked}), self._defaults)
        unit.hold_ids((tenant, kind) for tenant, kind in locked if kind.numbered)
        unit.prefetch(wanted)
        return unit

    def _decided_before(self, case: Case) -> bool:
        """Whether the entry was decided before, in a batch whose end is unknown: then its outcome is what it was.

        That holds even if its sender was removed or lost the permission since.
        """
        if case.command.fault is not None:
            return False
        known = self._journal.find(*case.key)
        if known is not None and _is_of(case, known):
            case.outcome = self._remembered(case)
            case.error = ""  # it was executed: that it cannot be checked or told any more makes no dead letter
            return True
        kept = self._lock.kept(case.event_id)
        if kept is not None and _is_of(case, kept.record):
            case.outcome, case.error = kept.record.outcome, kept.error
            return True
        return False

    def _decide(self, case: Case, unit: UnitOfWork) -> None:
        if case.work is None:
            case.outcome = self._outcome(case)
            if case.error and case.condemned:
                log.error("command-given-up", event_id=case.event_id, error=case.error)
            if case.outcome.status in (403, 500):  # which may be granted or mended before the entry is read again
                self._unremembered.append(case)
            return
        tenant, command_id = case.key
        known = self._journal.find(tenant, command_id)
        if known is not None:
            self._guarded(case, self._repeat, known)
            case.outcome = case.outcome or self._outcome(case)
            return
        if case.work.set_based:  # else it would be to blame if what the commands before it changed cannot be written
            unit.write()
        self._guarded(case, self._execute, unit)
        case.outcome = self._outcome(case)
        if case.work.journaled and not case.command.dry_run and not case.error:
            self._journal.add(tenant, command_id, Record(case.fingerprint, case.outcome))
            self._unremembered_before_change = len(self._unremembered)
        else:
            self._unremembered.append(case)

    def _guarded(self, case: Case, step: Callable[..., None], *arguments: Any) -> None:
        """Take a step with the case, which may refuse it; a bug of ours must hold up nobody behind it."""
        self._heartbeat.beat()
        try:
            step(case, *arguments)
        except Refused as refused:
            case.result = refusal(refused, case.command.subject)
        except (Interrupted, DBAPIError):  # the transaction may be over: the drain finds out whose fault it is
            raise
        except Exception as bug:  # a bug becomes a 500
            log.error("command-failed", event_id=case.event_id, error=type(bug).__name__, exc_info=bug)
            case.result = self._failed(case, type(bug).__name__)

    def _execute(self, case: Case, unit: UnitOfWork) -> None:
        assert case.work is not None
        tenant, _ = case.key
        state = unit.state(tenant)
        with state.work(locks=case.work.locks, set_based=case.work.set_based) as undo:
            case.result = self._encoded(case.work.execute(state))
            if case.command.dry_run:
                undo()

    def _repeat(self, case: Case, known: Record) -> None:
        """The stored outcome, told to another entry."""
        assert case.work is not None
        if known.fingerprint != case.fingerprint:
            raise Unprocessable("command-id-reused")
        stored = self._remembered(case)
        case.work.check_replay(lambda: decode(stored.data.text))
        case.outcome = replay_of(stored, case.command, case.event_id, self._now)

    def _remembered(self, case: Case) -> Outcome:
        """What came of the command, which the journal knows, to be told."""
        outcome = self._journal.outcome(*case.key)
        self._answered += 0 if outcome.data is None else len(outcome.data.text)
        return outcome

    def _encoded(self, result: Result) -> Result:
        """Once, for the journal and the event; how much it is counts."""
        if result.data is None or isinstance(result.data, JsonText):
            return result
        text = encode(result.data).decode()
        self._answered += len(text)
        return result._replace(data=JsonText(text))

    def _failed(self, case: Case, error: str) -> Result:
        case.error = error
        return refusal(Failed(case.event_id), case.command.subject)

    def _outcome(self, case: Case) -> Outcome:
        assert case.result is not None
        return outcome_of(case.command, case.event_id, self._encoded(case.result), tenant=case.tenant, now=self._now)


def _is_of(case: Case, record: Record) -> bool:
    """Whether this came of this very entry. A Redis that was lost may give an entry's id again, to another command."""
    outcome = record.outcome
    known = (outcome.id, outcome.tenant, outcome.command_id, outcome.dry_run)
    return known == (case.event_id, *case.key, case.command.dry_run) and record.fingerprint == case.fingerprint


def _to_keep(case: Case) -> Kept:
    assert case.outcome is not None
    return Kept(Record(case.fingerprint, case.outcome), case.error)
