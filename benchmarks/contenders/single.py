"""The work of one command, as the alternatives do it: each command by itself.

They validate with the same models, decide with the same functions, write the same journal and subscriber rows in one
transaction and tell the same outcome. What is left out makes them faster: no password is verified, no permission
looked up, no profile read, no repeated command found, and a subscriber that exists is noticed by the insert.

There are two styles. `plain` is what a team writes first: SQLAlchemy, a transaction, two statements. `lean` is what an
expert makes of it: the driver's own cursor, and one statement that is its own transaction.
"""

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time_ns
from typing import Any, Literal, Protocol

from adapters.encoding import encode
from adapters.journal import fingerprint
from adapters.keys import outcome_stream
from domain.commands import Command, read_command
from domain.errors import Refused
from domain.outcomes import Outcome, outcome_of
from domain.permissions import Permission, Principal
from domain.resources import Lookup, R
from domain.results import refusal
from domain.state import Defaults, State
from domain.subscribers import SUBSCRIBERS, Subscriber

STYLE = os.environ.get("BENCH_STYLE", "lean")


@dataclass(frozen=True, slots=True)
class Write:
    """A journal row, and the subscriber's row if it changes; for a delete, its key."""

    change: Literal["insert", "update", "delete", "none"]
    record: dict[str, Any]
    row: dict[str, Any]


class Words(Protocol):
    """How a style says it: statements of its own kind, with their arguments."""

    begin: Any
    commit: Any

    def find(self, tenant: str, msisdn: str, *, lock: bool) -> tuple[Any, Any]:
        """Reads all columns of a subscriber, in the table's order."""

    def write(self, write: Write, *, within: bool) -> Iterator[tuple[Any, Any]]:
        """All of it, in one transaction: `within` one that has begun, or in one of its own."""


Steps = Generator[tuple[Any, Any], Sequence[Any], Outcome]
"""Yields statements, is sent their rows, returns the outcome: the same for drivers that wait and that do not."""


def steps(raw: bytes, words: Words, columns: Sequence[str]) -> Steps:
    """Execute one command."""
    command = read_command(raw, len(raw))
    operation, tenant = command.operation, command.tenant
    assert operation is not None
    assert tenant is not None
    work = operation.prepare(Principal(tenant, "", frozenset(Permission)), command.request)
    looks_up = operation.name != "subscriber.create"
    known = []
    if looks_up:
        if work.journaled:
            yield words.begin, ()
        for row in (yield words.find(tenant, command.request.params["msisdn"], lock=work.journaled)):
            values = dict(zip(columns, tuple(row), strict=True))
            del values["tenant"]
            known.append(Subscriber(**values))
    state = State(_Known(known), Defaults())  # type: ignore[arg-type]  # of a source, these commands need two things
    try:
        result = work.execute(state)
    except Refused as refused:
        result = refusal(refused, command.subject)
    outcome = outcome_of(command, command.id or "", result, tenant=tenant, now=datetime.now(UTC))
    if work.journaled:
        yield from words.write(_write_of(state, command, outcome), within=looks_up)
        if looks_up:
            yield words.commit, ()
    return outcome


def announcement(outcome: Outcome) -> tuple[str, dict[str, bytes]]:
    """What XADD is given."""
    return outcome_stream(outcome.tenant), {"event": encode(outcome.event())}


class _Known:
    """What was selected is all there is: as much of a `domain.source.Source` as these commands need."""

    def __init__(self, known: Sequence[Subscriber]) -> None:
        self._known = known
        self.creation_stamp = time_ns

    def load(self, lookup: Lookup[R]) -> Sequence[Any]:
        return self._known if lookup.kind is SUBSCRIBERS and lookup.fields == ("msisdn",) else ()


def _write_of(state: State, command: Command, outcome: Outcome) -> Write:
    record = {
        "tenant": command.tenant,
        "command_id": command.id,
        "fingerprint": fingerprint(command.request),
        "event_id": outcome.id,
        "executed_at": int(outcome.time.timestamp() * 1000),
        "operation": outcome.operation,
        "correlation_id": outcome.correlation_id,
        "subject": outcome.subject,
        "status": outcome.status,
        "reason": outcome.reason,
        "fate": outcome.fate,
        "data": encode(outcome.data).decode(),
    }
    changes, _ = state.take_changes()
    for each in changes:
        for added in each.added:
            return Write("insert", record, {"tenant": command.tenant, **vars(added)})
        for _, after in each.updated:
            return Write("update", record, {"tenant": command.tenant, **vars(after)})
        for removed in each.removed:
            return Write("delete", record, {"tenant": command.tenant, "msisdn": removed.msisdn})
    return Write("none", record, {})
