"""Batches of two partitions that meet in the database: what comes of them is what comes of one after the other.

On PostgreSQL; SQLite has one writer at a time.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text

from adapters.tables import subscribers
from tests.bulk.desk import Desk, JsonObject, from_item, item, pcc, plan
from tests.polling import wait_for

WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"

Meet = Callable[..., tuple[list[JsonObject], list[JsonObject]]]


@pytest.fixture
def desk(postgres_engine: Engine) -> Desk:
    return Desk(postgres_engine)


@pytest.fixture
def meet(desk: Desk) -> Iterator[Meet]:
    """Executes two batches; the second comes before the first executes a statement with these words, or ends."""
    with ThreadPoolExecutor() as beside:

        def somebody_waits() -> bool:
            with desk.engine.connect() as looking:  # within one transaction it would see the same again and again
                return bool(looking.scalar(text(WAITING)))

        def meet(first: Sequence[JsonObject], second: Sequence[JsonObject], *, before: str | None = None) -> Any:
            others: list[Future[list[JsonObject]]] = []

            def come(*_: Any) -> None:
                if not others:
                    others.append(beside.submit(desk.run, *second))
                    wait_for(lambda: others[0].done() or somebody_waits(), within=5)

            def notice(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
                if before is not None and before in statement:
                    come()

            with desk.engine.begin() as connection:
                event.listen(connection, "before_cursor_execute", notice)
                told = desk.execute(connection, *first)
                assert others or before is None, f"no statement has {before!r}"
                come()
            return told, others[0].result()

        yield meet


def subscriber(desk: Desk, verb: str, msisdn: str, payload: JsonObject | None = None) -> JsonObject:
    return desk.command(f"subscriber.{verb}", payload, params={"msisdn": msisdn})


def batch_update(desk: Desk, tag: str, **fields: Any) -> JsonObject:
    return desk.command("subscriber.batchUpdate", {"filter": {"tag": tag}, "subscriber": fields})


def fields_of(desk: Desk, msisdn: str, *names: str) -> list[Any]:
    found = desk.ask("subscriber.get", params={"msisdn": msisdn})["data"]
    return [found[name] for name in names]


def test_a_plan_is_not_sealed_while_its_last_profile_is_about_to_go(desk: Desk, meet: Meet) -> None:
    at = {"planDefinitionId": desk.ask("planDefinition.create", plan(1))["data"]["id"]}
    profile = desk.ask("pccProfile.create", pcc(1), params=at)["data"]["id"]
    delete = desk.command("pccProfile.delete", params={**at, "pccProfileId": profile})
    _, [sealed] = meet([delete], [desk.command("planDefinition.finalise", params=at)])
    assert sealed["reason"] == "no-pcc-profile"
    assert desk.ask("planDefinition.get", params=at)["data"]["finalised"] is False


def test_a_plan_is_sealed_while_its_only_profile_gets_another_name(desk: Desk, meet: Meet) -> None:
    at = {"planDefinitionId": desk.ask("planDefinition.create", plan(1))["data"]["id"]}
    profile = desk.ask("pccProfile.create", pcc(1), params=at)["data"]["id"]
    rename = desk.command("pccProfile.update", {"alias": "other"}, params={**at, "pccProfileId": profile})
    _, [sealed] = meet([rename], [desk.command("planDefinition.finalise", params=at)])
    assert sealed["status"] == 204


def test_whoever_gives_an_id_sees_all_that_has_a_smaller_one(desk: Desk, meet: Meet) -> None:
    desk.ask("planDefinition.create", plan(1))  # from now on there is a last id
    at = {"planDefinitionId": 2}
    first = [desk.command("planDefinition.create", plan(2)), desk.command("pccProfile.create", pcc(1), params=at)]
    profile = desk.command("pccProfile.create", pcc(2), params=at)
    second = [desk.command("planDefinition.create", plan(3)), profile, desk.command("pccProfile.list", params=at)]
    told, [created, added, listed] = meet(first, second)
    assert [each["status"] for each in (*told, created, added)] == [201, 201, 201, 201]
    assert created["data"]["id"] == 3
    assert [each["id"] for each in listed["data"]["_embedded"]["pccProfiles"]] == [1, 2]


def test_a_plan_and_its_profile_that_come_at_once_are_seen_at_once(desk: Desk, meet: Meet) -> None:
    listed = desk.command("pccProfile.list", params={"planDefinitionId": 1})
    both = desk.command(
        "bulk.execute",
        {
            "items": [
                item("planDefinition.create", plan(1), id="plan"),
                item("pccProfile.create", pcc(1), planDefinitionId=from_item("plan", "id")),
            ]
        },
    )
    [told], _ = meet([listed], [both], before="plan_definitions.")
    assert told["status"] == 404 or len(told["data"]["_embedded"]["pccProfiles"]) == 1


def test_a_batch_update_reaches_a_subscriber_whose_imsi_changes(desk: Desk, meet: Meet) -> None:
    desk.create("1", "2", tag="t")
    _, [told] = meet([subscriber(desk, "update", "1", {"imsi": "9"})], [batch_update(desk, "t", zone="z")])
    assert told["data"] == {"updated": 2}
    assert fields_of(desk, "1", "imsi", "zone") == ["9", "z"]


def test_a_batch_update_reaches_those_that_are_about_to_bear_its_tag(desk: Desk, meet: Meet) -> None:
    desk.create("1", "2", tag="t")
    desk.create("3")
    changes = [subscriber(desk, "update", "3", {"tag": "t"}), subscriber(desk, "update", "1", {"tag": "u"})]
    _, [told] = meet(changes, [batch_update(desk, "t", zone="z")])
    assert told["data"] == {"updated": 2}
    assert [fields_of(desk, msisdn, "zone") for msisdn in "123"] == [[None], ["z"], ["z"]]


@pytest.mark.parametrize(
    ("verb", "payload", "left"),
    [("update", {"status": "barred"}, ["barred", "z"]), ("delete", None, None)],
    ids=["changed", "removed"],
)
def test_who_was_found_by_imei_is_not_changed_meanwhile(
    verb: str, payload: JsonObject | None, left: list[str] | None, desk: Desk, meet: Meet
) -> None:
    desk.create("1", imei="35000000000001")
    search = item("subscriber.search", id="found", imei="35000000000001")
    update = item("subscriber.update", {"zone": "z"}, msisdn=from_item("found", "msisdn"))
    bulk = desk.command("bulk.execute", {"items": [search, update]})
    _, [told] = meet([bulk], [subscriber(desk, verb, "1", payload)], before="INSERT INTO subscribers")
    assert told["status"] == 200
    if left is None:
        assert desk.ask("subscriber.get", params={"msisdn": "1"})["status"] == 404
    else:
        assert fields_of(desk, "1", "status", "zone") == left


def test_a_batch_goes_to_rows_in_one_order_whatever_that_of_its_commands(desk: Desk) -> None:
    """Else two batches that meet at several rows would each have what the other one waits for."""
    for number in (1, 2, 3):
        at = {"planDefinitionId": number}
        desk.ask("provisionProfile.create", {"name": f"profile {number}", "defaultProfile": False})
        desk.ask("planDefinition.create", plan(number))
        desk.ask("pccProfile.create", pcc(number), params=at)
    desk.create("1", "2", "3")

    def about(number: int) -> list[JsonObject]:
        at = {"planDefinitionId": number}
        return [
            subscriber(desk, "update", f"{number}", {"tag": "t"}),
            desk.command("pccProfile.update", {"precedence": 2}, params={**at, "pccProfileId": number}),
            desk.command("planDefinition.finalise", params=at),
            desk.command("provisionProfile.update", {"locale": "en"}, params={"id": number}),
            subscriber(desk, "create", f"0{number}", {"msisdn": f"0{number}"}),
        ]

    def gone_to(commands: Sequence[JsonObject]) -> list[Any]:
        """The statements, each with the keys of its rows."""
        executed: list[Any] = []

        def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
            rows = json.loads(given["rows"]) if "rows" in given else [given]
            executed.append((statement, [list(row.values())[:2] for row in rows]))

        with desk.engine.connect() as connection:
            event.listen(connection, "before_cursor_execute", note)
            assert {each["status"] for each in desk.execute(connection, *commands)} <= {200, 201, 204}
            connection.rollback()
        return executed

    first, second, third = map(about, (1, 2, 3))
    executed = gone_to([*first, *second, *third])
    assert gone_to([*third[1:], *second[1:], *first[1:], third[0], second[0], first[0]]) == executed
    assert all(keys == sorted(keys) for _, keys in executed)
    ids_held = [keys for statement, keys in executed if statement.startswith("SELECT last_ids")]
    assert len(ids_held) == 3
    assert ids_held == sorted(ids_held)


def test_new_subscribers_of_two_partitions_do_not_wait_for_each_other(desk: Desk) -> None:
    with desk.engine.begin() as somebody:
        told = desk.execute(somebody, subscriber(desk, "create", "1", {"msisdn": "1"}))
        told += desk.run(subscriber(desk, "create", "2", {"msisdn": "2"}))
    assert [each["status"] for each in told] == [201, 201]


def test_a_read_waits_for_nobody(desk: Desk) -> None:
    desk.create("1")
    with desk.engine.begin() as somebody:
        somebody.execute(select(subscribers).where(subscribers.c.msisdn == "1").with_for_update())
        assert desk.ask("subscriber.get", params={"msisdn": "1"})["status"] == 200


def test_a_search_by_imei_waits_for_nobody_though_its_batch_changes_others(desk: Desk) -> None:
    desk.create("1", imei="35000000000001")
    desk.create("2")
    with desk.engine.begin() as somebody:
        somebody.execute(select(subscribers).where(subscribers.c.msisdn == "1").with_for_update())
        update = subscriber(desk, "update", "2", {"zone": "z"})
        told = desk.run(update, desk.command("subscriber.search", params={"imei": "35000000000001"}))
    assert [each["status"] for each in told] == [200, 200]


def test_who_got_the_imei_meanwhile_hides_nobody_who_had_it(desk: Desk, meet: Meet) -> None:
    imei = "35000000000001"
    desk.create("1", "2", imei=imei)
    desk.create("3")
    asked = [item("subscriber.get", msisdn="3"), item("subscriber.search", imei=imei)]
    bulk = desk.command("bulk.execute", {"items": asked})
    [told], _ = meet([bulk], [subscriber(desk, "update", "3", {"imei": imei})], before="ORDER BY subscribers.created")
    assert told["data"]["items"][1]["data"]["msisdn"] == "2"
