"""What makes a bulk as a whole a 412, and what only an item."""

import json
from typing import Any

import pytest

from tests.bulk.desk import Desk, faults, fields_at_fault, item, new_subscriber, statuses, written

GOOD = item("subscriber.get", msisdn="1")
ITEMS = "items must be an array of 1 to 1000 items"
MODE = "mode must be continue or atomic"
STOP_AFTER = "stopAfter must be an integer from 1"
ID = "items[1].id must be a string of 1 to 128 characters"
UNIQUE = "items[1].id must be unique in the bulk"
OPERATION = "items[1].operation must be a resource and a verb with a dot between them, as in subscriber.create"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({}, ["items is mandatory"]),
        ({"items": None}, ["items is mandatory"]),
        ({"items": []}, [ITEMS]),
        ({"items": {}}, [ITEMS]),
        ({"items": "x"}, [ITEMS]),
        ({"items": [GOOD], "mode": "Continue"}, [MODE]),
        ({"items": [GOOD], "mode": ""}, [MODE]),
        ({"items": [GOOD], "mode": 1}, [MODE]),
        ({"items": [GOOD], "stopAfter": 0}, [STOP_AFTER]),
        ({"items": [GOOD], "stopAfter": -1}, [STOP_AFTER]),
        ({"items": [GOOD], "stopAfter": "1"}, [STOP_AFTER]),
        ({"items": [GOOD], "stopAfter": 1.0}, [STOP_AFTER]),
        ({"items": [GOOD], "stopAfter": True}, [STOP_AFTER]),
        ({"items": [GOOD], "stopAfter": 2**53}, [STOP_AFTER]),
        (
            {"items": [GOOD], "mode": "atomic", "stopAfter": 1},
            ["stopAfter must be left out where mode is atomic"],
        ),
        ({"items": [GOOD], "dryRun": True}, ["dryRun is not a known field"]),
        (
            {"zz": 1, "stopAfter": 0, "mode": 0, "items": 0, "a": 1},
            [ITEMS, MODE, STOP_AFTER, "zz is not a known field", "a is not a known field"],
        ),
    ],
)
def test_a_bulk_of_wrong_form_is_refused_in_the_words_of_its_fields(
    sqlite_desk: Desk, payload: Any, expected: list[str]
) -> None:
    outcome = sqlite_desk.ask("bulk.execute", payload)
    assert [description for _, description in faults(outcome)] == expected
    assert (outcome["type"], outcome["reason"]) == ("spcm.bulk.execute.rejected", "validation-failed")


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (1, ["items[1] must be an object"]),
        ("x", ["items[1] must be an object"]),
        (None, ["items[1] must be an object"]),
        ([], ["items[1] must be an object"]),
        ({}, ["items[1].operation is mandatory"]),
        ({"operation": None}, ["items[1].operation is mandatory"]),
        ({"operation": 1}, [OPERATION]),
        ({"operation": ""}, [OPERATION]),
        ({"operation": "create"}, [OPERATION]),
        ({"operation": "subscriber.create\n"}, [OPERATION]),
        ({"operation": "a." + "b" * 63}, [OPERATION]),
        ({"operation": "bulk.execute"}, ["items[1].operation must be an operation other than bulk.execute"]),
        (GOOD | {"dryRun": True}, ["items[1].dryRun is not a known field"]),
        (GOOD | {"tenant": "acme"}, ["items[1].tenant is not a known field"]),
        (GOOD | {"id": ""}, [ID]),
        (GOOD | {"id": 1}, [ID]),
        (GOOD | {"id": []}, [ID]),
        (GOOD | {"id": "x" * 129}, [ID]),
        (GOOD | {"id": "x\0"}, [ID]),
        (GOOD | {"id": "first"}, [UNIQUE]),
        (
            {"x": 1, "operation": "x", "id": 1, "a": 2},
            [ID, OPERATION, "items[1].x is not a known field", "items[1].a is not a known field"],
        ),
    ],
)
def test_an_item_of_wrong_form_is_told_with_its_index(sqlite_desk: Desk, second: Any, expected: list[str]) -> None:
    outcome = sqlite_desk.bulk(new_subscriber("1", id="first"), second)
    assert [description for _, description in faults(outcome)] == expected
    assert sqlite_desk.rows()["subscribers"] == []
    assert sqlite_desk.journaled() == set()


def test_an_id_may_have_128_characters(sqlite_desk: Desk) -> None:
    assert sqlite_desk.bulk(new_subscriber("1", id="ü" * 128))["status"] == 200


def test_all_faults_of_all_items_are_told_in_their_order(sqlite_desk: Desk) -> None:
    outcome = sqlite_desk.ask("bulk.execute", {"x": 1, "mode": "no", "items": [{"id": 1}, GOOD, *[0] * 9, {"a.b": 1}]})
    assert fields_at_fault(outcome) == [
        "items[0].id",
        "items[0].operation",
        *(f"items[{index}]" for index in range(2, 11)),
        "items[11].operation",
        "items[11].a.b",
        "mode",
        "x",
    ]


def test_unknown_members_of_the_bulk_come_last_whatever_their_names(sqlite_desk: Desk) -> None:
    outcome = sqlite_desk.ask("bulk.execute", {"items[0].id": 1, ".items": 1, "mode": "no", "items": [{"id": 1}]})
    assert fields_at_fault(outcome) == ["items[0].id", "items[0].operation", "mode", "items[0].id", ".items"]


def test_the_later_of_two_items_with_one_id_is_at_fault_defaults_included(sqlite_desk: Desk) -> None:
    named = [GOOD | {"id": "2"}, GOOD, GOOD, GOOD | {"id": "1"}, GOOD | {"id": None}]
    assert faults(sqlite_desk.bulk(*named)) == [
        ("items[2].id", "items[2].id must be unique in the bulk"),
        ("items[3].id", "items[3].id must be unique in the bulk"),
    ]


def test_nulls_count_as_not_given(sqlite_desk: Desk) -> None:
    nothing = {"params": None, "payload": None}
    listed = {"operation": "provisionProfile.list", **nothing}
    unnamed = {"operation": "subscriber.get", **nothing}
    outcome = sqlite_desk.bulk(new_subscriber("1") | {"id": None}, listed, unnamed, mode=None, stopAfter=None)
    assert statuses(outcome) == [201, 200, 400]
    assert outcome["data"]["items"][0]["id"] == "0"
    assert outcome["data"]["items"][2]["data"]["message"] == "params: msisdn is mandatory"
    assert sqlite_desk.bulk(new_subscriber("2"), mode="atomic", stopAfter=None)["status"] == 200


def test_a_bulk_has_at_most_1000_items(desk: Desk) -> None:
    most = [new_subscriber(str(number)) for number in range(1000)]
    assert desk.bulk(*most, dryRun=True)["data"]["succeeded"] == 1000
    assert faults(desk.bulk(*most, new_subscriber("x"))) == [("items", ITEMS)]
    assert faults(desk.bulk(*[0] * 1001)) == [("items", ITEMS)]


def test_a_bulk_has_at_most_4_mib(sqlite_desk: Desk) -> None:
    payload = {"items": [new_subscriber("1"), item("planDefinition.create", {"summary": ""})]}
    command = sqlite_desk.command("bulk.execute", payload)
    padding = 4 * 1024 * 1024 - len(written(command))
    payload["items"][1]["payload"]["summary"] = "x" * padding
    exactly = written(command)
    assert len(exactly) == 4 * 1024 * 1024
    (outcome,) = sqlite_desk.run(exactly)
    assert (outcome["status"], statuses(outcome)) == (207, [201, 412])
    payload["items"][1]["payload"]["summary"] += "x"
    (outcome,) = sqlite_desk.run(written(command))
    # Nobody parses it, and so nobody knows whose it is.
    assert (outcome["status"], outcome["reason"], "tenant" in outcome) == (400, "command-too-large", False)


@pytest.mark.parametrize("payload", [None, [], "x", 1, True])
def test_a_payload_that_is_no_object_is_malformed(sqlite_desk: Desk, payload: Any) -> None:
    command = sqlite_desk.command("bulk.execute") | {"payload": payload}
    (outcome,) = sqlite_desk.run(json.dumps(command).encode())
    assert (outcome["status"], outcome["reason"]) == (400, "malformed-command")


def test_a_bulk_has_no_params_and_no_subject(sqlite_desk: Desk) -> None:
    outcome = sqlite_desk.ask("bulk.execute", {"items": [GOOD]}, params={"msisdn": "1"})
    assert (outcome["status"], outcome["reason"], "subject" in outcome) == (400, "malformed-command", False)
    outcome = sqlite_desk.bulk(GOOD)
    assert (outcome["status"], "subject" in outcome) == (207, False)
