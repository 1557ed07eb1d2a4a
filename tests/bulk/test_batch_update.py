"""subscriber.batchUpdate: alone, and inside bulks."""

from typing import Any

import pytest
from sqlalchemy import Engine

from domain.permissions import Permission
from domain.state import Defaults
from tests.bulk.desk import Desk, faults, from_item, get_subscriber, item, new_subscriber, statuses


def update(at: Any, id: str | None = None, **fields: Any) -> dict[str, Any]:  # noqa: A002
    return item("subscriber.batchUpdate", {"filter": {"tag": at}, "subscriber": fields}, id=id)


def apply(desk: Desk, at: str, **fields: Any) -> dict[str, Any]:
    return desk.ask("subscriber.batchUpdate", update(at, **fields)["payload"])


def told(desk: Desk, msisdn: str) -> dict[str, Any]:
    data: dict[str, Any] = desk.ask("subscriber.get", params={"msisdn": msisdn})["data"]
    return data


def test_all_with_exactly_the_tag_are_changed(desk: Desk) -> None:
    desk.create("1", "2", tag="week")
    desk.create("3", tag="Week")
    desk.create("4")
    outcome = apply(desk, "week", zone="z", status="BARRED")
    assert (outcome["status"], outcome["data"], "subject" in outcome) == (200, {"updated": 2}, False)
    assert outcome["type"] == "spcm.subscriber.batchUpdate.completed"
    assert [told(desk, each)["zone"] for each in "1234"] == ["z", "z", None, None]
    assert told(desk, "1")["status"] == "barred"


def test_another_tenants_subscribers_are_not_touched(desk: Desk, engine: Engine) -> None:
    other = Desk(engine)
    other.create("1", tag="week")
    desk.create("1", tag="week")
    assert apply(desk, "week", zone="z")["data"] == {"updated": 1}
    assert told(other, "1")["zone"] is None


def test_all_that_match_are_counted_changed_or_not(desk: Desk) -> None:
    desk.create("1", "2", tag="week", zone="z")
    assert apply(desk, "week", zone="z")["data"] == {"updated": 2}
    assert apply(desk, "week")["data"] == {"updated": 2}
    assert apply(desk, "no", zone="z")["data"] == {"updated": 0}


def test_the_tag_itself_may_change_or_go(desk: Desk) -> None:
    desk.create("1", "2", tag="week")
    assert apply(desk, "week", tag="month")["data"] == {"updated": 2}
    assert apply(desk, "week", tag="x")["data"] == {"updated": 0}
    assert apply(desk, "month", tag=None)["data"] == {"updated": 2}
    assert told(desk, "1")["tag"] is None


def test_null_unsets_a_field_or_takes_it_back_to_its_default(engine: Engine) -> None:
    desk = Desk(engine, Defaults(eos_notification=True))
    desk.create("1", tag="t", zone="z", paymentType="prepaid", status="barred", eosNotification=False, dpsEnabled=True)
    fields: dict[str, Any] = dict.fromkeys(("zone", "paymentType", "status", "eosNotification", "dpsEnabled"))
    assert apply(desk, "t", **fields)["data"] == {"updated": 1}
    assert {name: told(desk, "1")[name] for name in fields} == {
        "zone": None,
        "paymentType": "unknown",
        "status": "active",
        "eosNotification": True,
        "dpsEnabled": False,
    }


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({}, ["filter is mandatory", "subscriber is mandatory"]),
        ({"filter": None, "subscriber": None}, ["filter is mandatory", "subscriber is mandatory"]),
        ({"filter": {}, "subscriber": {}}, ["filter.tag is mandatory"]),
        ({"filter": {"tag": None}, "subscriber": {}}, ["filter.tag is mandatory"]),
        ({"filter": {"tag": ""}, "subscriber": {}}, ["filter.tag must be a string of 1 to 255 characters"]),
        ({"filter": "x", "subscriber": []}, ["filter must be an object", "subscriber must be an object"]),
        ({"filter": {"tag": "a", "zone": "b"}, "subscriber": {}}, ["filter.zone is not a known field"]),
        ({"filter": {"tag": "a"}, "subscriber": {"imsi": "1"}}, ["subscriber.imsi must be left out"]),
        (
            {"filter": {"tag": "a"}, "subscriber": {"imsi": None, "msisdn": None}},
            ["subscriber.msisdn must be left out", "subscriber.imsi must be left out"],
        ),
        (
            {"x": 1, "subscriber": {"x": 1, "zone": "", "locale": "xx", "msisdn": "1"}, "filter": {"tag": 1}},
            [
                "filter.tag must be a string of 1 to 255 characters",
                "subscriber.msisdn must be left out",
                "subscriber.locale must be an ISO 639-1 language code,"
                " or one with _ and an ISO 3166-1 alpha-2 country code",
                "subscriber.zone must be a string of 1 to 255 characters",
                "x is not a known field",
                "subscriber.x is not a known field",
            ],
        ),
    ],
)
def test_a_wrong_payload_is_told_field_by_field(sqlite_desk: Desk, payload: Any, expected: list[str]) -> None:
    outcome = sqlite_desk.ask("subscriber.batchUpdate", payload)
    assert [description for _, description in faults(outcome)] == expected


def test_it_has_no_params_and_needs_the_permission_to_update(sqlite_desk: Desk) -> None:
    command = sqlite_desk.command("subscriber.batchUpdate", update("t")["payload"], params={"msisdn": "1"})
    assert sqlite_desk.run(command)[0]["status"] == 400
    sqlite_desk.allow(*(each for each in Permission if each != Permission.SUBSCRIBER_UPDATE))
    assert apply(sqlite_desk, "t")["reason"] == "permission-denied"


def test_a_dry_run_counts_and_changes_nothing(desk: Desk) -> None:
    desk.create("1", "2", tag="week")
    before = desk.rows()
    dry = desk.ask("subscriber.batchUpdate", update("week", zone="z")["payload"], dryRun=True, id="u")
    assert (dry["data"], desk.rows()) == ({"updated": 2}, before)
    assert desk.ask("subscriber.batchUpdate", update("week", zone="z")["payload"], id="u")["data"] == {"updated": 2}


def test_a_repeat_is_not_executed(desk: Desk) -> None:
    desk.create("1", tag="week")
    command = desk.command("subscriber.batchUpdate", update("week", tag="x")["payload"])
    assert [outcome["data"] for outcome in desk.run(command, command)] == [{"updated": 1}] * 2
    assert desk.run(command)[0]["replayed"] is True


def test_it_sees_what_was_sent_before_it_in_the_same_batch_and_what_comes_after_sees_it(desk: Desk) -> None:
    def single(operation: str, payload: Any = None) -> dict[str, Any]:
        return desk.command(operation, payload, params={"msisdn": "1"})

    outcomes = desk.run(
        single("subscriber.create", {"msisdn": "1", "tag": "week"}),
        desk.command("subscriber.batchUpdate", update("week", zone="a", tag="month")["payload"]),
        single("subscriber.get"),
        single("subscriber.update", {"tag": "week"}),
        desk.command("subscriber.batchUpdate", update("week", zone="b")["payload"]),
        desk.command("subscriber.batchUpdate", update("week", zone="c")["payload"], dryRun=True),
        single("subscriber.get"),
        single("subscriber.delete"),
        desk.command("subscriber.batchUpdate", update("week", zone="d")["payload"]),
    )
    data = [outcome["data"] for outcome in outcomes]
    assert [data[1], data[4], data[5], data[8]] == [{"updated": n} for n in (1, 1, 1, 0)]
    assert (data[2]["zone"], data[2]["tag"], data[6]["zone"]) == ("a", "month", "b")


def test_inside_a_bulk_it_sees_earlier_items_and_later_ones_see_it(desk: Desk) -> None:
    desk.create("1", "2", tag="week")
    outcome = desk.bulk(
        get_subscriber("1"),
        new_subscriber("3", tag="week"),
        new_subscriber("1"),
        item("subscriber.delete", msisdn="2"),
        update("week", zone="z", id="u"),
        get_subscriber("1"),
        get_subscriber("2"),
        get_subscriber("3"),
        update("week", renewalDayOfMonth=from_item("u", "updated")),
        item("subscriber.update", {"zone": None}, msisdn="1"),
        get_subscriber("1"),
    )
    assert statuses(outcome) == [200, 201, 409, 200, 200, 200, 404, 200, 200, 200, 200]
    data = [each.get("data") for each in outcome["data"]["items"]]
    assert (data[4], data[5]["zone"], data[7]["zone"]) == ({"updated": 2}, "z", "z")
    assert (data[10]["zone"], data[10]["renewalDayOfMonth"]) == (None, 2)
    assert (told(desk, "1")["zone"], told(desk, "3")["zone"]) == (None, "z")


def test_inside_an_atomic_bulk_that_fails_it_is_undone(desk: Desk) -> None:
    desk.create("1", tag="week")
    before = desk.rows()
    outcome, after, single = desk.run(
        desk.command(
            "bulk.execute",
            {"mode": "atomic", "items": [update("week", zone="z"), new_subscriber("2"), new_subscriber("1")]},
        ),
        desk.command("subscriber.get", params={"msisdn": "1"}),
        desk.command("subscriber.create", {"msisdn": "3"}, params={"msisdn": "3"}),
    )
    assert statuses(outcome) == [None, None, 409]
    assert (after["data"]["zone"], single["status"]) == (None, 201)
    desk.ask("subscriber.delete", params={"msisdn": "3"})
    assert desk.rows() == before


def test_a_failed_item_beside_it_is_left_out_alone(desk: Desk) -> None:
    profile = item("provisionProfile.create", {"name": "p", "defaultProfile": False})
    outcome = desk.bulk(new_subscriber("1", tag="a"), profile, update("a", zone="z"), profile, profile | {"id": "x"})
    assert statuses(outcome) == [201, 201, 200, 409, 409]
    assert told(desk, "1")["zone"] == "z"
    assert desk.ask("provisionProfile.create", {"name": "q", "defaultProfile": False})["data"]["id"] == 2


def test_a_dry_run_of_a_bulk_with_it_changes_nothing(desk: Desk) -> None:
    desk.create("1", tag="week")
    before = desk.rows()
    items = [update("week", zone="z"), new_subscriber("2"), get_subscriber("1")]
    command = desk.command("bulk.execute", {"items": items}, dryRun=True)
    dry, after = desk.run(command, desk.command("subscriber.get", params={"msisdn": "1"}))
    assert (dry["status"], dry["data"]["items"][2]["data"]["zone"], after["data"]["zone"]) == (200, "z", None)
    assert desk.rows() == before


def test_the_order_of_creation_survives_an_undone_set_based_bulk(desk: Desk) -> None:
    """A search by IMEI answers the one created last, also where a savepoint took creation stamps back."""
    imei = "0" * 14
    undone = {"items": [new_subscriber("9"), update("week", zone="z")]}
    desk.run(
        desk.command("bulk.execute", undone, dryRun=True),
        desk.command("subscriber.create", {"msisdn": "1", "imei": imei}, params={"msisdn": "1"}),
        desk.command("subscriber.create", {"msisdn": "2", "imei": imei}, params={"msisdn": "2"}),
    )
    desk.create("3", imei=imei)
    assert desk.ask("subscriber.search", params={"imei": imei})["data"]["msisdn"] == "3"


def test_whom_it_gives_an_imei_is_found_by_it_though_nobody_was_before(desk: Desk) -> None:
    imei = "0" * 14
    desk.create("1", tag="week")
    search = item("subscriber.search", imei=imei)
    assert statuses(desk.bulk(search, update("week", imei=imei), search)) == [404, 200, 200]
