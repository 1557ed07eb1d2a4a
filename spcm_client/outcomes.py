"""An outcome: a command's fate, read from the CloudEvent that tells it (the contract's section 2)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from spcm_client.errors import MalformedOutcome

_PARTIAL = 207


def _integer(text: str) -> int | Decimal:
    """Whatever a command was sent with can come back in its outcome; Python reads no more than 4,300 digits."""
    try:
        return int(text)
    except ValueError:
        return Decimal(text)


event_of: Callable[[str | bytes], Any] = partial(json.loads, parse_int=_integer)
"""The event that a text holds. Raises ValueError."""


@dataclass(frozen=True)
class Outcome:
    """What became of one command entry. Attributes that the event lacks are None, or False where they are flags.

    `id` is the same if the same entry is ever announced again: a reader that must be safe against its own crashes
    dedupes on it. `stream_id` is the place in the outcome stream, from which `follow` can go on; None for a reply.
    `event` is the whole event, with attributes that a later version of the contract may add. In `data`, integers of
    more digits than Python reads are Decimal.
    """

    id: str
    source: str
    type: str
    time: datetime
    status: int
    tenant: str | None = None
    operation: str | None = None
    command_id: str | None = None
    correlation_id: str | None = None
    subject: str | None = None
    reason: str | None = None
    retryable: bool = False
    replayed: bool = False
    dry_run: bool = False
    data: Any = None
    stream_id: str | None = None
    event: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """True where all was done. A bulk of which some items failed (207) is not ok."""
        return 200 <= self.status < 300 and self.status != _PARTIAL

    @classmethod
    def from_json(cls, text: str | bytes, stream_id: str | None = None) -> "Outcome":
        """Raises `MalformedOutcome`."""
        try:
            event = event_of(text)
            return cls(
                id=event["id"],
                source=event["source"],
                type=event["type"],
                time=datetime.fromisoformat(event["time"]),
                status=int(event["status"]),
                tenant=event.get("tenant"),
                operation=event.get("operation"),
                command_id=event.get("commandid"),
                correlation_id=event.get("correlationid"),
                subject=event.get("subject"),
                reason=event.get("reason"),
                retryable=event.get("retryable", False),
                replayed=event.get("replayed", False),
                dry_run=event.get("dryrun", False),
                data=event.get("data"),
                stream_id=stream_id,
                event=event,
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise MalformedOutcome("no outcome event", stream_id) from error
