"""Outcome events: CloudEvents 1.0 that tell a command's fate."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from domain.commands import Command
from domain.errors import CATALOGUE
from domain.results import Fate, Result


class Outcome(NamedTuple):
    """What is told of one command entry. `id` is the event's: `3-1763740800000-0`.

    `tenant` is None where no existing tenant could be read; `data` is a JSON value, or one that
    an adapter has encoded. The names of the fields are in databases too (adapters.partition_lock).
    """

    id: str
    time: datetime
    status: int
    fate: Fate
    tenant: str | None = None
    operation: str | None = None
    command_id: str | None = None
    correlation_id: str | None = None
    subject: str | None = None
    reason: str | None = None
    data: Any = None
    replayed: bool = False
    dry_run: bool = False

    def event(self) -> dict[str, Any]:
        """The CloudEvent, attributes without a value left out."""
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": f"/spcm/{self.tenant}" if self.tenant else "/spcm",
            "type": f"spcm.{self.operation or 'unknown'}.{self.fate}",
        }
        if self.subject is not None:
            event["subject"] = self.subject
        event["time"] = _timestamp(self.time)
        event["datacontenttype"] = "application/json"
        if self.tenant:
            event["tenant"] = self.tenant
        if self.operation:
            event["operation"] = self.operation
        if self.command_id is not None:
            event["commandid"] = self.command_id
        if self.correlation_id is not None:
            event["correlationid"] = self.correlation_id
        event["status"] = self.status
        if self.reason is not None:
            event["reason"] = self.reason
            event["retryable"] = CATALOGUE[self.reason].retryable
        if self.replayed:
            event["replayed"] = True
        if self.dry_run:
            event["dryrun"] = True
        if self.data is not None:
            event["data"] = self.data
        return event


@lru_cache(maxsize=16)
def _timestamp(time: datetime) -> str:
    """RFC 3339, in UTC, to the millisecond. All outcomes of a batch have the same."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"


def event_id_of(partition: int, entry_id: str) -> str:
    """The id of the event that tells what came of this entry."""
    return f"{partition}-{entry_id}"


def place_of(event_id: str) -> tuple[int, ...]:
    """Where its command stands among those of its partition."""
    return tuple(map(int, event_id.split("-")))


def outcome_of(command: Command, event_id: str, result: Result, *, tenant: str | None, now: datetime) -> Outcome:
    """The outcome of a command entry that had this result; `tenant` only where it exists."""
    return Outcome(
        id=event_id,
        time=now,
        status=result.status,
        fate=result.fate,
        tenant=tenant,
        operation=command.request.operation,
        command_id=command.id,
        correlation_id=command.correlation_id,
        subject=result.subject,
        reason=result.reason,
        data=result.data,
        dry_run=command.dry_run,
    )


def replay_of(outcome: Outcome, command: Command, event_id: str, now: datetime) -> Outcome:
    """The stored outcome, told again to another entry with the same command id."""
    return outcome._replace(id=event_id, time=now, correlation_id=command.correlation_id, replayed=True)
