"""What a bulk does and tells: both modes, stopAfter, permissions, dry run."""

import json
from typing import Any

import pytest

from domain.permissions import Permission
from domain.state import State
from tests.bulk.desk import Desk, from_item, get_subscriber, item, new_subscriber, reasons, statuses

DELETE = item("subscriber.delete", msisdn="1")


def test_a_bulk_of_which_all_succeeds_is_completed_and_has_no_remainder(desk: Desk) -> None:
    outcome = desk.bulk(new_subscriber("1", id="a"), new_subscriber("2"), get_subscriber("1"))
    assert (outcome["status"], outcome["type"]) == (200, "spcm.bulk.execute.completed")
    data = outcome["data"]
    assert list(data) == ["succeeded", "failed", "notExecuted", "items"]
    assert (data["succeeded"], data["failed"], data["notExecuted"]) == (3, 0, 0)
    assert [(each["index"], each["id"], each["status"]) for each in data["items"]] == [
        (0, "a", 201),
        (1, "1", 201),
        (2, "2", 200),
    ]
    assert data["items"][2]["data"] == data["items"][0]["data"]
    assert "reason" not in outcome


def test_an_item_that_fails_is_left_out_and_told_in_a_single_commands_words(desk: Desk) -> None:
    desk.create("1")
    alone = desk.ask("subscriber.create", {"msisdn": "1"}, params={"msisdn": "1"})
    outcome = desk.bulk(new_subscriber("0", id="a"), new_subscriber("1", id="b"), new_subscriber("2", id="c"))
    assert (outcome["status"], outcome["type"]) == (207, "spcm.bulk.execute.partial")
    assert {name: outcome["data"][name] for name in ("succeeded", "failed", "notExecuted")} == {
        "succeeded": 2,
        "failed": 1,
        "notExecuted": 0,
    }
    assert outcome["data"]["items"][1] == {
        "index": 1,
        "id": "b",
        "status": 409,
        "reason": "subscriber-exists",
        "retryable": False,
        "data": alone["data"],
    }
    assert outcome["data"]["remainder"] == {"mode": "continue", "items": [new_subscriber("1", id="b")]}
    assert len(desk.rows()["subscribers"]) == 3


def test_a_bulk_of_which_nothing_was_done_is_rejected(desk: Desk) -> None:
    outcome = desk.bulk(get_subscriber("1"), DELETE)
    assert (outcome["status"], outcome["type"]) == (207, "spcm.bulk.execute.rejected")
    assert "reason" not in outcome
    assert statuses(outcome) == [404, 404]


def test_a_later_item_sees_what_an_earlier_one_did(desk: Desk) -> None:
    desk.create("1", imsi="7")
    outcome = desk.bulk(
        new_subscriber("2", imsi="7"),
        DELETE,
        new_subscriber("2", imsi="7"),
        item("subscriber.search", imsi="7"),
        item("subscriber.update", {"zone": "z"}, msisdn="2"),
        get_subscriber("2"),
    )
    assert statuses(outcome) == [409, 200, 201, 200, 200, 200]
    assert outcome["data"]["items"][3]["data"]["msisdn"] == "2"
    assert outcome["data"]["items"][5]["data"]["zone"] == "z"


def test_an_atomic_bulk_with_a_failure_tries_all_and_changes_nothing(desk: Desk) -> None:
    before = desk.rows()
    items = [
        new_subscriber("1", id="a"),
        new_subscriber("1", id="b"),
        item("provisionProfile.create", {"name": "p", "defaultProfile": True}, id="c"),
        get_subscriber("1", id="d"),
        new_subscriber("2", id="e", zone=from_item("a", "msisdn"), x=1),
    ]
    outcome = desk.bulk(*items, mode="atomic")
    assert (outcome["status"], outcome["type"]) == (207, "spcm.bulk.execute.rejected")
    assert statuses(outcome) == [None, 409, None, None, 412]
    assert outcome["data"]["items"][0] == {"index": 0, "id": "a", "status": None}
    assert {name: outcome["data"][name] for name in ("succeeded", "failed", "notExecuted")} == {
        "succeeded": 0,
        "failed": 2,
        "notExecuted": 3,
    }
    # Nothing succeeded in the end, so no reference is filled in.
    assert outcome["data"]["remainder"] == {"mode": "atomic", "items": items}
    assert desk.rows() == before
    created = desk.ask("provisionProfile.create", {"name": "p", "defaultProfile": True})
    assert created["data"]["id"] == 1


def test_an_atomic_bulk_without_a_failure_is_done(desk: Desk) -> None:
    outcome = desk.bulk(new_subscriber("1"), DELETE, new_subscriber("1"), mode="atomic")
    assert (outcome["status"], len(desk.rows()["subscribers"])) == (200, 1)


@pytest.mark.parametrize("stop_after", [1, 2, 3])
def test_after_so_many_failures_the_rest_is_not_executed(desk: Desk, stop_after: int) -> None:
    items = [new_subscriber("1"), *[DELETE | {"params": {"msisdn": "x"}}] * 3, new_subscriber("2"), get_subscriber("9")]
    outcome = desk.bulk(*items, stopAfter=stop_after)
    expected = [201, *[400] * min(stop_after, 3)]
    assert statuses(outcome) == expected + [None] * (6 - len(expected))
    data = outcome["data"]
    assert (data["succeeded"], data["failed"], data["notExecuted"]) == (1, stop_after, 5 - stop_after)
    assert data["remainder"]["mode"] == "continue"
    assert data["remainder"]["stopAfter"] == stop_after
    assert [each["id"] for each in data["remainder"]["items"]] == ["1", "2", "3", "4", "5"]


def test_stop_after_more_failures_than_there_are_executes_all(desk: Desk) -> None:
    outcome = desk.bulk(DELETE, new_subscriber("1"), stopAfter=2)
    assert statuses(outcome) == [404, 201]


def test_every_single_failure_has_its_status_and_words(desk: Desk) -> None:
    desk.create("1", imsi="7")
    singles = [
        desk.command("no.such", {"x": 1}),
        desk.command("subscriber.get"),
        desk.command("subscriber.get", {"x": 1}, params={"msisdn": "1"}),
        desk.command("subscriber.create", params={"msisdn": "1"}),
        desk.command("subscriber.create", {"msisdn": "1"}, params={"msisdn": "x"}),
        desk.command("subscriber.create", {"zone": ""}, params={"msisdn": "1"}),
        desk.command("subscriber.create", {"msisdn": "1"}, params={"msisdn": "1"}),
        desk.command("subscriber.create", {"msisdn": "2", "imsi": "7"}, params={"msisdn": "2"}),
        desk.command("subscriber.create", {"msisdn": "2"}, params={"msisdn": "2", "provisionProfile": "no"}),
        desk.command("planDefinition.finalise", params={"planDefinitionId": 1}),
        desk.command("subscriber.get", params=[]),
        desk.command("subscriber.update", params={"msisdn": "1"}) | {"payload": "x"},
    ]
    alone = desk.run(*singles)
    items = [{name: each[name] for name in ("operation", "params", "payload") if name in each} for each in singles]
    told = desk.bulk(*items)["data"]["items"]
    assert [(each["status"], each["reason"], each["data"]) for each in told] == [
        (each["status"], each["reason"], each["data"]) for each in alone
    ]


def test_each_item_needs_its_own_permission_and_the_bulk_none(desk: Desk) -> None:
    desk.create("1")
    desk.allow(Permission.SUBSCRIBER_READ)
    outcome = desk.bulk(get_subscriber("1"), DELETE)
    assert reasons(outcome) == [None, "permission-denied"]
    desk.allow()
    assert reasons(desk.bulk(get_subscriber("1"))) == ["permission-denied"]


def test_a_dry_run_tells_what_would_be_and_changes_nothing(desk: Desk) -> None:
    profile = item("provisionProfile.create", {"name": "p", "defaultProfile": True}, id="p")
    items = [profile, new_subscriber("1", zone=from_item("p", "name")), new_subscriber("1")]
    before = desk.rows()
    dry = desk.bulk(*items, id="b", dryRun=True)
    assert dry["dryrun"] is True
    assert desk.rows() == before
    assert "b" not in desk.journaled()
    real = desk.bulk(*items, id="b")
    assert (real["status"], real["type"], real["data"]) == (dry["status"], dry["type"], dry["data"])
    again = desk.bulk(*items, id="b", dryRun=True)
    assert (again["replayed"], "dryrun" in again, again["data"]) == (True, False, real["data"])


def test_a_failure_of_ours_in_one_item_fails_the_bulk_and_undoes_it(desk: Desk, failing_operation: str) -> None:
    outcome = desk.bulk(new_subscriber("1"), item(failing_operation), id="b")
    assert (outcome["status"], outcome["reason"], outcome["type"]) == (
        500,
        "internal-error",
        "spcm.bulk.execute.failed",
    )
    assert desk.rows()["subscribers"] == []
    assert desk.journaled() == set()


@pytest.fixture
def failing_operation() -> Any:
    """An operation that has a bug."""
    from domain.operations import OPERATIONS, NoParams, operation

    @operation("test.fail", Permission.SUBSCRIBER_CREATE)
    def fail(_at: NoParams, _state: State) -> Any:
        raise ZeroDivisionError

    yield "test.fail"
    del OPERATIONS["test.fail"]


def test_reads_that_do_not_fit_into_the_outcome_fail(desk: Desk) -> None:
    profiles = [
        item("provisionProfile.create", {"name": f"{n}", "defaultProfile": False, "subscriberClass": "ü" * 255})
        for n in range(100)
    ]
    assert desk.bulk(*profiles)["status"] == 200
    reads = [item("provisionProfile.list", id=f"{n}" + "ö" * 120) for n in range(400)]
    outcome = desk.bulk(*reads, new_subscriber("1"), correlationId="ü" * 128)
    size = len(json.dumps(outcome, ensure_ascii=False, separators=(",", ":")).encode())
    one = len(json.dumps(outcome["data"]["items"][0]["data"], ensure_ascii=False, separators=(",", ":")).encode())
    assert 8 * 1024 * 1024 - 2 * one < size <= 8 * 1024 * 1024
    refused = next(each for each in outcome["data"]["items"] if each["status"] == 422)
    assert (refused["reason"], refused["data"]) == (
        "bulk-answer-too-large",
        {"message": "Answer does not fit into the bulk's outcome", "errorCode": 6},
    )
    assert statuses(outcome)[-1] == 201
    assert outcome["data"]["failed"] == statuses(outcome).count(422) > 0
