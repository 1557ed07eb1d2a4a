"""The checker: what was sent, against what came of it. It knows nothing of how a worker works.

`check(evidence)` gives all that is wrong, and an empty list where nothing is.
"""

import base64
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tests.faults.evidence import Evidence, Told
from tests.faults.ledger import Kind, Sent
from tests.faults.load import CANARY
from tests.faults.model import FIELDS, Model

Damage = Literal[
    "lost outcome", "doubled outcome", "unknown outcome", "doubled effect", "wrong order", "wrong outcome", "wrong row",
    "wrong journal", "wrong dead letter", "leftover", "secret",
]  # fmt: skip

EXECUTED = (200, 201, 204, 404, 409)
STATUSES: dict[Kind, tuple[int, ...]] = {
    "stranger": (401, 503),
    "garbage": (400, 503),
    "unreadable": (400, 503),
    "poison": (500, 503),
    "elsewhere": (200, 201, 204, 401, 403, 404, 503),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    damage: Damage
    words: str


def check(evidence: Evidence, *, secrets: Iterable[str] = (CANARY,)) -> list[Finding]:
    """All that is wrong; `secrets` must be found nowhere, in base64 neither."""
    told = _by_event_id(evidence.told)
    sent = sorted([*evidence.sent, *_accepted_in_silence(evidence)], key=lambda each: each.place)
    return [
        *_one_outcome_each(sent, told),
        *_in_order(evidence.told),
        *_as_the_model_says(sent, told, evidence),
        *_one_effect_each(sent, told, evidence),
        *_dead_letters(evidence),
        *(Finding("leftover", f"{stream}: {count}") for stream, count in evidence.left.items() if count),
        *_no_secrets(evidence, secrets),
    ]


def _by_event_id(told: Iterable[Told]) -> dict[str, list[Told]]:
    found: dict[str, list[Told]] = defaultdict(list)
    for each in told:
        found[each.event["id"]].append(each)
    return found


def _accepted_in_silence(evidence: Evidence) -> Iterator[Sent]:
    """Entries of which the publisher had no answer, but which were there: their outcomes tell."""
    known = {each.event_id for each in evidence.sent}
    doubted = defaultdict(list)
    for draft in evidence.unsure:
        doubted[_name(draft.raw)].append(draft)
    for each in evidence.told:
        event = each.event
        drafts = doubted.get((event.get("tenant"), event.get("commandid")))
        if event["id"] not in known and drafts:
            partition, _, stream_id = event["id"].partition("-")
            # Unreadable ones are all alike to the checker; of the others, one name is one command.
            draft = drafts.pop() if len(drafts) > 1 else drafts[0]
            yield Sent(int(partition), stream_id, draft.raw, draft.kind)


def _name(raw: bytes) -> tuple[str | None, str | None]:
    try:
        members = json.loads(raw)
    except ValueError:
        return None, None
    return (members["tenant"], members["id"]) if isinstance(members, dict) and "tenant" in members else (None, None)


def _one_outcome_each(sent: list[Sent], told: dict[str, list[Told]]) -> Iterator[Finding]:
    known = {each.event_id for each in sent}
    for each in sent:
        if not told.get(each.event_id):
            yield Finding("lost outcome", each.event_id)
    for event_id, events in told.items():
        if len(events) > 1:
            yield Finding("doubled outcome", event_id)
        if event_id not in known:
            yield Finding("unknown outcome", event_id)


def _in_order(told: Iterable[Told]) -> Iterator[Finding]:
    """Within each stream, a partition's outcomes come in the order of their commands."""
    last: dict[tuple[str, int], tuple[int, int, int]] = {}
    for each in told:
        key = (each.stream, each.entry[0])
        if key in last and each.entry < last[key]:
            yield Finding("wrong order", f"{each.event['id']} in {each.stream}")
        last[key] = each.entry


def _as_the_model_says(sent: list[Sent], told: dict[str, list[Told]], evidence: Evidence) -> Iterator[Finding]:
    model = Model()
    for each in sent:
        for found in told.get(each.event_id, [])[:1]:
            wrong = _judge(model, each, found)
            if wrong:
                yield Finding("wrong outcome", f"{each.event_id}: {wrong}")
    rows = {(row["tenant"], row["msisdn"]): row for row in evidence.subscribers}
    for key in sorted(rows.keys() | model.rows.keys()):
        expected = model.rows.get(key)
        actual = rows.get(key)
        if (expected and {FIELDS[name]: expected[name] for name in FIELDS}) != (
            actual and {column: actual[column] for column in FIELDS.values()}
        ):
            yield Finding("wrong row", f"{key}: {actual}, expected {expected}")


def _judge(model: Model, sent: Sent, told: Told) -> str:
    if sent.kind == "good":
        command = json.loads(sent.raw)
        expected_stream = f"spcm:outcomes:{command['tenant']}"
        return model.judge(command, told.event) if told.stream == expected_stream else "in another's stream"
    status = told.event["status"]
    return "" if status in STATUSES[sent.kind] else f"status {status} for {sent.kind}"


def _one_effect_each(sent: list[Sent], told: dict[str, list[Told]], evidence: Evidence) -> Iterator[Finding]:
    """Of all entries with one command id, one was executed: the one that the journal names."""
    executed: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for each in sent:
        for found in told.get(each.event_id, [])[:1]:
            event = found.event
            reads = event.get("operation") == "subscriber.get"
            quiet = event.get("replayed") or event.get("dryrun") or reads
            if event["status"] in EXECUTED and not quiet:
                executed[event["tenant"], event["commandid"]].append(event)
    journal = {(row["tenant"], row["command_id"]): row for row in evidence.journal}
    for key, events in executed.items():
        if len(events) > 1:
            yield Finding("doubled effect", f"{key}: {[event['id'] for event in events]}")
        row = journal.get(key)
        if row is None or (row["event_id"], row["status"]) != (events[0]["id"], events[0]["status"]):
            yield Finding("wrong journal", f"{key} has no such record")
    for key in journal.keys() - executed.keys():
        yield Finding("wrong journal", f"{key} was executed, and nobody was told")


def _dead_letters(evidence: Evidence) -> Iterator[Finding]:
    failed = Counter(each.event["id"] for each in evidence.told if each.event["status"] == 500)
    kept = Counter(json.loads(letter["event"])["id"] for letter in evidence.letters)
    for event_id in (failed - kept) + (kept - failed):
        yield Finding("wrong dead letter", event_id)


def _no_secrets(evidence: Evidence, secrets: Iterable[str]) -> Iterator[Finding]:
    forms = {form for secret in secrets for form in _forms(secret)}
    for place, words in evidence.texts.items():
        if any(form in words for form in forms):
            yield Finding("secret", place)


def _forms(secret: str) -> Iterator[str]:
    """As it is, and as base64 has it, whatever stands before it."""
    yield secret
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + secret.encode()).decode()
        yield encoded[4 if shift else 0 : len(encoded) - 4]
