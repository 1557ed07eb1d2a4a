"""A command id is used once: docs/contract.md, section 4, promise 2."""

import json
from typing import Any

import pytest

from tests.contract.installation import Installation, JsonObject, Sender
from tests.contract.scene import FIRST, GOLD, TURKEY, set_up

TOLD_AGAIN = ("status", "reason", "retryable", "subject", "data", "type", "operation", "commandid", "source", "tenant")


def _statuses(events: list[JsonObject]) -> list[Any]:
    return [(event["status"], event.get("replayed", False)) for event in events]


def test_what_was_executed_is_told_again_and_not_done_again(sender: Sender) -> None:
    set_up(sender)
    plan, pcc = {"planDefinitionId": 1}, {"planDefinitionId": 1, "pccProfileId": 1}
    executed = [
        sender.command("provisionProfile.create", {"name": "n", "defaultProfile": False}),
        sender.command("provisionProfile.update", {"locale": "ja"}, params={"id": 1}),
        sender.command("provisionProfile.delete", params={"id": 1}),
        sender.command("provisionProfile.delete", params={"id": 1}),
        sender.command("planDefinition.create", TURKEY),
        sender.command("planDefinition.create", TURKEY | {"name": "x", "core": True}),
        sender.command("planDefinition.finalise", params={"planDefinitionId": 3}),
        sender.command("pccProfile.create", FIRST | {"alias": "é\u202e😀\x7f"}, params=plan),
        sender.command("pccProfile.update", {"threshold": True}, params=pcc),
        sender.command("pccProfile.delete", params=pcc),
        sender.command("planDefinition.finalise", params=plan),
        sender.command("pccProfile.create", FIRST, params=plan),
        sender.command("subscriber.create", {"msisdn": "9", "zone": "\x01"}, params={"msisdn": "9"}),
        sender.command("subscriber.update", {"tag": "t"}, params={"msisdn": "9"}),
        sender.command("subscriber.delete", params={"msisdn": "9"}),
        sender.command("subscriber.update", {}, params={"msisdn": "9"}),
    ]
    first = sender.run(*executed, partition=7)
    assert [event["status"] for event in first] == [
        201,
        200,
        204,
        404,
        409,
        422,
        422,
        201,
        200,
        200,
        204,
        409,
        201,
        200,
        200,
        404,
    ]
    again = sender.run(*(command | {"correlationId": "again"} for command in executed), partition=7)
    for one, two in zip(first, again, strict=True):
        assert [json.dumps(one.get(name)) for name in TOLD_AGAIN] == [json.dumps(two.get(name)) for name in TOLD_AGAIN]
        assert two["replayed"] is True
        assert one["id"] != two["id"]
        assert (one["correlationid"], two["correlationid"]) == (one["commandid"], "again")
    assert sender.ask("subscriber.get", params={"msisdn": "9"})["status"] == 404


def test_repeats_within_one_batch_are_repeats_too(sender: Sender) -> None:
    create = sender.command("subscriber.create", {"msisdn": "1"}, params={"msisdn": "1"})
    delete = sender.command("subscriber.delete", params={"msisdn": "1"})
    events = sender.run(create, create, delete, create, delete)
    assert _statuses(events) == [(201, False), (201, True), (200, False), (201, True), (200, True)]


def test_equal_json_is_the_same_command_however_it_is_written(sender: Sender) -> None:
    payload = {"msisdn": "1", "zone": "A/é", "tag": None}
    create = sender.command("subscriber.create", payload, params={"msisdn": "1"})
    other_order = dict(reversed(create.items())) | {"payload": dict(reversed(payload.items()))}
    escaped = json.dumps(create).replace("A/", "\\u0041\\/").encode()
    spaced = json.dumps(create, indent=3).encode()
    events = sender.run(create, other_order, escaped, spaced, partition=0)
    assert _statuses(events) == [(201, False), (201, True), (201, True), (201, True)]


def test_equal_numbers_are_the_same_however_they_are_written(sender: Sender) -> None:
    def bulk(number: str) -> bytes:
        item = {"operation": "subscriber.get", "params": {"msisdn": "NUMBER"}}
        return (
            json.dumps(sender.command("bulk.execute", {"items": [item]}, id="b")).replace('"NUMBER"', number).encode()
        )

    events = sender.run(*map(bulk, ["100", "1e2", "100.0", "1000E-1", "101", "1.01e2"]), partition=0)
    assert _statuses(events) == [(207, False), (207, True), (207, True), (207, True), (422, False), (422, False)]


def test_absent_and_empty_are_the_same(sender: Sender) -> None:
    create = sender.command("provisionProfile.create", GOLD)
    delete = sender.command("provisionProfile.delete", params={"id": 1})
    events = sender.run(create, create | {"params": {}}, delete, delete | {"payload": {}})
    assert _statuses(events) == [(201, False), (201, True), (204, False), (204, True)]


def test_members_that_are_no_part_of_what_is_asked_may_differ(sender: Sender) -> None:
    other = sender.installation.add_user(sender.tenant, "other", password="else")
    create = sender.command("subscriber.create", {"msisdn": "1"}, params={"msisdn": "1"})
    repeat = create | {"correlationId": "c", "replyTo": f"spcm:replies:{sender.tenant}:x"}
    repeats = [repeat, repeat | {"authorization": other.authorization}, repeat | {"dryRun": True}]
    events = sender.run(create, *repeats)
    assert _statuses(events) == [(201, False), (201, True), (201, True), (201, True)]
    assert not any("dryrun" in event for event in events)


def test_an_id_for_anything_else_is_refused_and_nothing_is_executed(sender: Sender) -> None:
    set_up(sender)
    create = sender.command("subscriber.create", {"msisdn": "1", "tag": "a"}, params={"msisdn": "1"})
    used = {"id": create["id"]}
    others = [
        create | {"payload": {"msisdn": "1", "tag": "b"}},
        create | {"payload": {"msisdn": "1", "tag": "a", "zone": None}},
        create | {"params": {"msisdn": "1", "provisionProfile": None}},
        create | {"payload": {"msisdn": "2"}, "params": {"msisdn": "2"}},
        create | {"payload": {"msisdn": "2"}, "params": {"msisdn": "2"}, "dryRun": True},
        sender.command("subscriber.update", {"tag": "b"}, params={"msisdn": "1"}) | used,
        sender.command("subscriber.delete", params={"msisdn": "1"}) | used,
        # A read too.
        sender.command("subscriber.get", params={"msisdn": "1"}) | used,
        sender.command("subscriber.search", params={"imsi": "871"}) | used,
        sender.command("provisionProfile.list") | used,
        # Once more, since what is refused so is not remembered.
        create | {"payload": {"msisdn": "1", "tag": "b"}},
    ]
    first, *events, repeat = sender.run(create, *others, create, partition=0)
    for event in events:
        assert event["reason"] == "command-id-reused"
        assert event["data"] == {"message": "Command id was used for a different command", "errorCode": 2}
        assert (event["status"], event["retryable"], "replayed" in event) == (422, False, False)
    assert (repeat["status"], repeat["replayed"], repeat["data"]) == (201, True, first["data"])
    assert events[3]["subject"] == "subscribers/2"  # what this command is about
    assert sender.ask("subscriber.get", params={"msisdn": "1"})["data"]["tag"] == "a"
    assert sender.ask("subscriber.get", params={"msisdn": "2"})["status"] == 404


def test_what_was_not_executed_leaves_its_id_free(sender: Sender) -> None:
    nobody = sender.installation.add_user(sender.tenant, "nobody", permissions=())
    command = sender.command("subscriber.create", {"msisdn": "1"}, params={"msisdn": "1"})
    events = sender.run(
        command | {"unknown": 1},
        command | {"params": {}},
        command | {"payload": []},
        command | {"operation": "subscriber.promote"},
        command | {"operation": "subscriber.get", "payload": {"x": 1}},
        command | {"correlationId": "x" * 70_000},
        command | {"authorization": "Basic x"},
        command | {"authorization": nobody.authorization},
        command | {"payload": {}},
        command | {"dryRun": True},
        command | {"dryRun": True, "payload": {"msisdn": "1", "imsi": "1"}},
        sender.command("subscriber.get", id=command["id"], params={"msisdn": "1"}),
        sender.command("provisionProfile.list", id=command["id"]),
        sender.command("planDefinition.search", id=command["id"], params={"name": "x"}),
        command,
        command,
        partition=5,
    )
    statuses = [event["status"] for event in events]
    assert statuses == [400, 400, 400, 400, 400, 400, 401, 403, 412, 201, 201, 404, 200, 200, 201, 201]
    assert [event.get("replayed", False) for event in events] == [False] * 15 + [True]


def test_reads_are_executed_every_time(sender: Sender) -> None:
    get = sender.command("subscriber.get", params={"msisdn": "1"})
    create = sender.command("subscriber.create", {"msisdn": "1"}, params={"msisdn": "1"})
    assert _statuses(sender.run(get, create, get, get | {"params": {"msisdn": "2"}})) == [
        (404, False),
        (201, False),
        (200, False),
        (404, False),
    ]


def test_the_same_id_in_two_tenants_is_two_commands(installation: Installation, sender: Sender) -> None:
    other = installation.add_tenant()
    for each in (sender, other):
        [event] = each.run(each.command("provisionProfile.create", GOLD, id="same"))
        assert (event["status"], event["data"]["id"], "replayed" in event) == (201, 1, False)


@pytest.mark.parametrize("status", [404, 409])
def test_a_refusal_that_was_executed_is_told_again_even_if_it_would_succeed_now(sender: Sender, status: int) -> None:
    create = sender.command("subscriber.create", {"msisdn": "1"}, params={"msisdn": "1"})
    again = create | {"id": "again"}
    delete = sender.command("subscriber.delete", params={"msisdn": "1"})
    late = delete | {"id": "late"}
    commands = [delete, create, delete] if status == 404 else [create, again, late, again]
    events = sender.run(*commands)
    assert (events[-1]["status"], events[-1]["replayed"]) == (status, True)
