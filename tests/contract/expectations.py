"""What is asked and what must be told: cases that are sent together and judged one by one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.contract.installation import JsonObject, Sender


@dataclass(frozen=True)
class Asked:
    """A command, or bytes in its place, and attributes of its event: those expected to be None must not be there.

    `body` holds members of the event's data, where not all of it is of interest.
    """

    what: str
    command: JsonObject | bytes
    expected: Mapping[str, Any]
    body: Mapping[str, Any] = field(default_factory=dict)


def check(sender: Sender, asked: Sequence[Asked], partition: int | None = None) -> list[JsonObject]:
    """Send them all at once; each event must hold what is expected, members in the same order too."""
    events = sender.run(*(each.command for each in asked), partition=partition)
    faults = []
    for each, event in zip(asked, events, strict=True):
        told = {name: event.get(name) for name in each.expected}
        body = event.get("data") or {}
        part = {name: body.get(name) for name in each.body}
        # As text: a dict forgives another order.
        if json.dumps([told, part]) != json.dumps([each.expected, each.body]):
            faults.append(f"{each.what[:200]}\n    expected {each.expected} {each.body}\n    but got  {told} {body}")
    assert not faults, "\n".join(faults)
    return events


def bad_request(reason: str = "malformed-command") -> JsonObject:
    """Of a 400."""
    return {"status": 400, "reason": reason, "retryable": False, "replayed": None}


def invalid(*faults: tuple[str, str]) -> JsonObject:
    """Of a 412 with these fields and descriptions."""
    errors = [{"field": field, "description": description} for field, description in faults]
    return {"status": 412, "reason": "validation-failed", "retryable": False, "data": {"errors": errors}}
