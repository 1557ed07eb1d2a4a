"""Every field of every payload: missing, null, of each wrong type, at, below and above each bound.

All are dry runs, so that good values do not stand in each other's way.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.contract.expectations import Asked, check, invalid
from tests.contract.fields import DEFINITION, PCC, PROFILE, SUBSCRIBER, Field
from tests.contract.installation import Sender
from tests.contract.scene import ADA, FIRST, GOLD, TURKEY


@dataclass(frozen=True)
class Payload:
    """Of an operation: a good one, its fields, and the resource that an update is about."""

    operation: str
    good: dict[str, Any]
    fields: list[Field]
    params: dict[str, Any]
    id_words: str | None = None


PAYLOADS = [
    Payload("provisionProfile.create", GOLD | {"name": "new"}, PROFILE, {}, "left out"),
    Payload("planDefinition.create", TURKEY | {"name": "new", "recurring": True}, DEFINITION, {}, "left out"),
    Payload("pccProfile.create", FIRST | {"alias": "new"}, PCC, {"planDefinitionId": 1}, "left out"),
    Payload("subscriber.create", {"msisdn": "99"}, SUBSCRIBER, {"msisdn": "99"}),
    Payload("provisionProfile.update", {}, PROFILE, {"id": 1}, "that of the params"),
    Payload("pccProfile.update", {}, PCC, {"planDefinitionId": 1, "pccProfileId": 1}, "that of the params"),
    Payload("subscriber.update", {}, SUBSCRIBER, {"msisdn": "0871"}),
]
EACH_PAYLOAD = pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.operation)


@EACH_PAYLOAD
def test_each_field_takes_what_it_may_and_nothing_else(sender: Sender, payload: Payload) -> None:
    _set_up(sender)
    cases = [case for each in payload.fields for case in (*_taken(payload, each), *_refused(payload, each))]
    cases += [*_ids(payload), *_msisdns(payload)]
    check(sender, [Asked(each.what, _command(sender, payload, each.sent), each.expected, each.body) for each in cases])


@EACH_PAYLOAD
def test_all_faults_are_told_at_once_in_the_order_of_the_table_and_unknown_members_last(
    sender: Sender, payload: Payload
) -> None:
    _set_up(sender)
    sent: dict[str, Any] = {"zebra": 1, "apple": None}
    told = []
    if payload.id_words:
        sent["id"] = 77
        told.append(("id", f"id must be {payload.id_words}"))
    for each in reversed(payload.fields):
        sent[each.name] = {each.inside: []} if each.inside else []
    sent["Zebra"] = {"zebra": 1}
    told += [(_path(each), f"{_path(each)} must be {each.kind.words}") for each in payload.fields]
    told += [(name, f"{name} is not a known field") for name in ("zebra", "apple", "Zebra")]
    if "msisdn" in payload.good:
        told.insert(0, ("msisdn", "msisdn is mandatory"))
    command = sender.command(payload.operation, sent, params=payload.params)
    check(sender, [Asked("everything wrong", command, invalid(*told))])


@pytest.mark.parametrize("payload", PAYLOADS[:4], ids=lambda payload: payload.operation)
def test_an_empty_payload_lacks_exactly_what_is_mandatory(sender: Sender, payload: Payload) -> None:
    _set_up(sender)
    told = [(each.name, f"{each.name} is mandatory") for each in payload.fields if each.mandatory]
    if "msisdn" in payload.good:
        told.insert(0, ("msisdn", "msisdn is mandatory"))
    check(sender, [Asked("{}", sender.command(payload.operation, {}, params=payload.params), invalid(*told))])


def test_the_members_of_nested_objects_are_checked_at_their_place(sender: Sender) -> None:
    good = TURKEY
    period, amount = "validityPeriod.validityPeriod", "grantedAmount.volumeAmount"
    cases: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
        ({"validityPeriod": {}}, [(period, f"{period} is mandatory")]),
        ({"validityPeriod": {"validityPeriod": None}}, [(period, f"{period} is mandatory")]),
        ({"grantedAmount": {}}, [(amount, f"{amount} is mandatory")]),
        ({"grantedAmount": {"volumeAmount": None}}, [(amount, f"{amount} is mandatory")]),
        (
            {"grantedAmount": {"no": 1, "volumeAmount": -1}, "cost": -1},
            [
                ("cost", "cost must be an integer from 0"),
                (amount, f"{amount} must be an integer from 0"),
                ("grantedAmount.no", "grantedAmount.no is not a known field"),
            ],
        ),
    ]
    no_objects: tuple[Any, ...] = ("1day", 1, True, [], [{}], 1.5)
    for name in ("validityPeriod", "grantedAmount"):
        cases += [({name: bad}, [(name, f"{name} must be an object")]) for bad in no_objects]
    create = "planDefinition.create"
    check(sender, [Asked(f"{sent}", sender.command(create, good | sent), invalid(*told)) for sent, told in cases])


def _set_up(sender: Sender) -> None:
    events = sender.run(
        sender.command("provisionProfile.create", GOLD),
        sender.command("planDefinition.create", TURKEY),
        sender.command("pccProfile.create", FIRST, params={"planDefinitionId": 1}),
        sender.command("subscriber.create", ADA, params={"msisdn": "0871"}),
    )
    assert [event["status"] for event in events] == [201] * 4


@dataclass(frozen=True)
class Case:
    """A payload, and what its event and the event's data must hold."""

    what: str
    sent: dict[str, Any]
    expected: dict[str, Any]
    body: dict[str, Any] = field(default_factory=dict)


def _taken(payload: Payload, field: Field) -> list[Case]:
    """Good values; null, and on create nothing, where the field is optional."""
    success = {"status": _status(payload), "dryrun": True, "replayed": None}
    cases: list[Case] = []
    for value in field.kind.good:
        told = field.kind.told(value)
        expected = {field.inside: told} if field.inside else told
        sent = {field.inside: value} if field.inside else value
        case = Case(f"{field.name} {value!r}", payload.good | {field.name: sent}, success, {field.name: expected})
        cases.append(case)
    if not field.mandatory:
        good = {name: value for name, value in payload.good.items() if name != field.name}
        cases.append(Case(f"{field.name} null", good | {field.name: None}, success, {field.name: field.default}))
        if payload.operation.endswith("create"):
            cases.append(Case(f"no {field.name}", good, success, {field.name: field.default}))
    return cases


def _refused(payload: Payload, field: Field) -> list[Case]:
    path = _path(field)
    must = invalid((path, f"{path} must be {field.kind.words}"))
    cases: list[Case] = []
    for value in field.kind.bad:
        sent = {field.inside: value} if field.inside else value
        cases.append(Case(f"{field.name} {value!r}", payload.good | {field.name: sent}, must))
    if field.mandatory:
        missing = invalid((field.name, f"{field.name} is mandatory"))
        cases.append(Case(f"{field.name} null", payload.good | {field.name: None}, missing))
        if payload.good:
            rest = {name: value for name, value in payload.good.items() if name != field.name}
            cases.append(Case(f"no {field.name}", rest, missing))
    return cases


def _ids(payload: Payload) -> list[Case]:
    if payload.id_words is None:
        return [Case("id 1", payload.good | {"id": 1}, invalid(("id", "id is not a known field")))]
    must = invalid(("id", f"id must be {payload.id_words}"))
    good = [None, 1] if payload.operation.endswith("update") else [None]
    values: tuple[Any, ...] = (1, 2, 0, -1, "1", "", True, 1.0, [], {})
    bad = [value for value in values if (type(value), value) not in [(type(each), each) for each in good]]  # 1.0 == 1
    success = {"status": _status(payload)}
    taken: list[Case] = [Case(f"id {value}", payload.good | {"id": value}, success) for value in good]
    return taken + [Case(f"id {value!r}", payload.good | {"id": value}, must) for value in bad]


def _msisdns(payload: Payload) -> list[Case]:
    """Of subscribers: must be that of the params, and on update it can be left out."""
    own = payload.params.get("msisdn")
    if own is None:
        return []
    bad: tuple[Any, ...] = ("1", f"+{own}", f"{own} ", "", int(own), True, [], f"{own}\0", f"{own}\n")
    refused = {"status": 412, "reason": "validation-failed"}
    cases: list[Case] = [Case(f"msisdn {value!r}", payload.good | {"msisdn": value}, refused) for value in bad]
    cases.append(Case("msisdn null", payload.good | {"msisdn": None}, invalid(("msisdn", "msisdn is mandatory"))))
    cases.append(Case("msisdn", payload.good | {"msisdn": own}, {"status": _status(payload)}))
    return cases


def _status(payload: Payload) -> int:
    return 201 if payload.operation.endswith("create") else 200


def _path(field: Field) -> str:
    return f"{field.name}.{field.inside}" if field.inside else field.name


def _command(sender: Sender, payload: Payload, sent: dict[str, Any]) -> dict[str, Any]:
    return sender.command(payload.operation, sent, params=payload.params, dryRun=True)
