"""References between items: what they stand for, and when they are refused."""

from typing import Any

import pytest

from tests.bulk.desk import Desk, from_item, get_subscriber, item, new_subscriber, reasons, statuses

PLAN = {"name": "turkey", "unitAmount": "1", "unitMeteringType": "TIME", "validityPeriod": {"validityPeriod": "1day"}}
PCC = {"alias": "a", "threshold": False, "precedence": 1}
REFUSAL = {"message": "Item reference cannot be resolved", "errorCode": 5}


def test_a_reference_stands_for_a_member_of_an_earlier_answer_in_params_and_payload(desk: Desk) -> None:
    outcome = desk.bulk(
        item("planDefinition.create", PLAN, id="plan"),
        item("pccProfile.create", PCC, planDefinitionId=from_item("plan", "id")),
        new_subscriber("1", zone=from_item("plan", "name")),
    )
    assert statuses(outcome) == [201, 201, 201]
    assert outcome["data"]["items"][2]["data"]["zone"] == "turkey"


def test_a_reference_reaches_through_two_steps(desk: Desk) -> None:
    outcome = desk.bulk(
        new_subscriber("1", zone="north"),
        item("subscriber.update", {"tag": from_item("0", "zone")}, msisdn="1"),
        new_subscriber("2", zone=from_item("1", "tag")),
    )
    assert outcome["data"]["items"][2]["data"]["zone"] == "north"


def test_a_reference_may_stand_for_an_object_and_be_deep_inside(desk: Desk) -> None:
    deep = PLAN | {"name": "b", "validityPeriod": {"validityPeriod": from_item("0", "unitAmount")}}
    whole = PLAN | {"name": "c", "validityPeriod": from_item("0", "validityPeriod")}
    outcome = desk.bulk(
        item("planDefinition.create", PLAN), item("planDefinition.create", deep), item("planDefinition.create", whole)
    )
    assert statuses(outcome) == [201, 412, 201]  # "1" is no period, and is told as any other wrong value
    assert outcome["data"]["items"][1]["data"]["errors"][0]["field"] == "validityPeriod.validityPeriod"


def test_null_is_a_value(desk: Desk) -> None:
    outcome = desk.bulk(new_subscriber("1"), new_subscriber("2", zone=from_item("0", "zone")))
    assert statuses(outcome) == [201, 201]
    outcome = desk.bulk(get_subscriber("1"), item("subscriber.update", {"msisdn": from_item("0", "zone")}, msisdn="2"))
    assert outcome["data"]["items"][1]["data"]["errors"] == [{"field": "msisdn", "description": "msisdn is mandatory"}]


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        (from_item("no", "zone"), "no such item"),
        (from_item("3", "zone"), "a later item"),
        (from_item("2", "zone"), "itself"),
        (from_item("1", "zone"), "a failed item"),
        (from_item("0", "no"), "no such member"),
        (from_item("0", ""), "no such member"),
        (from_item("", "zone"), "no such item"),
    ],
)
def test_a_reference_that_cannot_be_resolved_fails_its_item(desk: Desk, reference: Any, why: str) -> None:
    outcome = desk.bulk(
        new_subscriber("1"), new_subscriber("1"), new_subscriber("2", zone=reference), new_subscriber("3")
    )
    assert reasons(outcome) == [None, "subscriber-exists", "item-reference", None]
    failed = outcome["data"]["items"][2]
    assert (failed["status"], failed["retryable"], failed["data"]) == (422, False, REFUSAL)


def test_a_circle_fails_all_that_is_in_it(sqlite_desk: Desk) -> None:
    outcome = sqlite_desk.bulk(
        new_subscriber("1", id="a", zone=from_item("b", "zone")),
        new_subscriber("2", id="b", zone=from_item("c", "zone")),
        new_subscriber("3", id="c", zone=from_item("a", "zone")),
    )
    assert reasons(outcome) == ["item-reference"] * 3
    assert outcome["type"] == "spcm.bulk.execute.rejected"


def test_an_answer_without_a_body_has_no_members(sqlite_desk: Desk) -> None:
    sqlite_desk.ask("provisionProfile.create", {"name": "p", "defaultProfile": False})
    outcome = sqlite_desk.bulk(
        item("provisionProfile.delete", id="gone") | {"params": {"id": 1}},
        new_subscriber("1", zone=from_item("gone", "id")),
    )
    assert statuses(outcome) == [204, 422]
    assert "data" not in outcome["data"]["items"][0]


@pytest.mark.parametrize(
    "value",
    [
        {"fromItem": "0"},
        {"fromItem": "0", "member": "zone", "x": 1},
        {"fromItem": 0, "member": "zone"},
        {"fromItem": "0", "member": None},
        {"fromitem": "0", "member": "zone"},
    ],
)
def test_any_other_object_is_an_ordinary_value(sqlite_desk: Desk, value: Any) -> None:
    outcome = sqlite_desk.bulk(new_subscriber("1"), new_subscriber("2", zone=value))
    assert outcome["data"]["items"][1]["data"]["errors"] == [
        {"field": "zone", "description": "zone must be a string of 1 to 255 characters"}
    ]


def test_params_or_payload_as_a_whole_are_no_reference(sqlite_desk: Desk) -> None:
    whole = from_item("0", "zone")
    outcome = sqlite_desk.bulk(
        new_subscriber("1"),
        {"operation": "subscriber.get", "params": whole},
        {"operation": "subscriber.update", "params": {"msisdn": "1"}, "payload": whole},
    )
    assert reasons(outcome) == [None, "malformed-command", "validation-failed"]


def test_operation_and_permission_come_before_references_and_these_before_the_form(sqlite_desk: Desk) -> None:
    bad = from_item("no", "x")
    outcome = sqlite_desk.bulk(
        item("no.such", {"x": bad}),
        new_subscriber("1", nonsense=bad),
        item("subscriber.update", {"x": [bad], "y": 1}, msisdn=1),
    )
    assert reasons(outcome) == ["unknown-operation", "item-reference", "item-reference"]
    sqlite_desk.allow()
    assert reasons(sqlite_desk.bulk(new_subscriber("1", zone=bad))) == ["permission-denied"]


def test_references_are_filled_in_only_where_the_item_succeeded(desk: Desk) -> None:
    sent = new_subscriber("1", id="x", zone=from_item("plan", "name"), tag=from_item("bad", "name"))
    outcome = desk.bulk(item("planDefinition.create", PLAN, id="plan"), new_subscriber("y", id="bad"), sent)
    assert statuses(outcome) == [201, 400, 422]
    assert outcome["data"]["remainder"]["items"] == [
        new_subscriber("y", id="bad"),
        new_subscriber("1", id="x", zone="turkey", tag=from_item("bad", "name")),
    ]


def test_references_are_left_as_they_are_where_what_they_stand_for_does_not_fit(sqlite_desk: Desk) -> None:
    for number in range(300):
        sqlite_desk.ask("provisionProfile.create", {"name": f"{number:0255d}", "defaultProfile": False})
    profiles = {"fromItem": "0", "member": "provisioningProfileDTOList"}
    reads = [item("subscriber.get", msisdn="1", x=[profiles] * count) for count in (1, 60, 40, 40)]
    outcome = sqlite_desk.bulk(item("provisionProfile.list"), *reads)
    assert statuses(outcome) == [200, *[400] * 4]
    again = [each["params"]["x"] for each in outcome["data"]["remainder"]["items"]]
    told = outcome["data"]["items"][0]["data"]["provisioningProfileDTOList"]
    assert again == [[told], [profiles] * 60, [told] * 40, [profiles] * 40]
