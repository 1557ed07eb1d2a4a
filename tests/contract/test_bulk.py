"""bulk.execute through Redis, with each status that it can have; what its items do is in tests/bulk."""

import json
from typing import Any

import pytest

from tests.contract.expectations import Asked, bad_request, check, invalid
from tests.contract.installation import JsonObject, Sender


def _item(number: str, **fields: Any) -> JsonObject:
    return {"operation": "subscriber.create", "params": {"msisdn": number}, "payload": {"msisdn": number, **fields}}


def test_a_bulk_has_each_of_its_statuses(sender: Sender) -> None:
    def bulk(*items: Any, **members: Any) -> JsonObject:
        return sender.command("bulk.execute", {"items": list(items)}, **members)

    mixed, failed = bulk(_item("1"), _item("1")), bulk(_item("1"))
    no_subject = {"subject": None, "retryable": None, "reason": None}
    check(
        sender,
        [
            Asked("no permission of its own", bulk(), invalid(("items", "items must be an array of 1 to 1000 items"))),
            Asked("some", mixed, {"status": 207, "type": "spcm.bulk.execute.partial", **no_subject}),
            Asked("none", failed, {"status": 207, "type": "spcm.bulk.execute.rejected", **no_subject}),
            Asked("all", bulk(_item("2")), {"status": 200, "type": "spcm.bulk.execute.completed", **no_subject}),
            Asked("again", mixed, {"status": 207, "type": "spcm.bulk.execute.partial", "replayed": True}),
            Asked("its id again", failed | {"id": mixed["id"]}, {"status": 422, "reason": "command-id-reused"}),
            Asked("params", bulk(_item("3"), params={"x": 1}), bad_request()),
            Asked("no payload", sender.command("bulk.execute"), bad_request()),
            Asked("credentials", bulk(_item("3"), authorization="x"), {"status": 401}),
            Asked("dry run", bulk(_item("3"), dryRun=True), {"status": 200, "dryrun": True}),
            Asked("nothing of it", bulk(_item("3")), {"status": 200, "dryrun": None}),
        ],
    )


@pytest.mark.parametrize("number", ["1e400", "9" * 4000, "0.12345678901234567890123", "1.0"])
def test_a_number_that_nobody_can_hold_is_the_failure_of_its_item(sender: Sender, number: str) -> None:
    def written(command: JsonObject) -> bytes:
        return json.dumps(command).replace('"NUMBER"', number).encode()

    bulk = sender.command("bulk.execute", {"items": [_item("1"), _item("2", zone="NUMBER")]})
    dry = bulk | {"id": "dry", "dryRun": True}
    change = sender.command("provisionProfile.create", {"name": "after", "defaultProfile": False})
    first, *events = sender.run(written(bulk), written(dry), change, written(bulk), partition=2)
    assert (first["status"], [item["status"] for item in first["data"]["items"]]) == (207, [201, 412])
    assert json.dumps(first["data"]["remainder"]["items"][0]["payload"]["zone"]) == json.dumps(json.loads(number))
    assert [(event["status"], event.get("replayed")) for event in events] == [(207, None), (201, None), (207, True)]
    assert events[-1]["data"] == first["data"]
    [behind] = sender.run(sender.command("subscriber.get", params={"msisdn": "1"}), partition=2)
    assert behind["status"] == 200


def test_nul_is_the_failure_of_its_item(sender: Sender) -> None:
    items = [_item("1"), _item("2", zone="a\0b"), _item("3", **{"z\0ne": "a"})]
    events = sender.run(*[sender.command("bulk.execute", {"items": items})] * 2)
    assert [event["status"] for event in events] == [207, 207]
    assert [item["status"] for item in events[1]["data"]["items"]] == [201, 412, 412]
    assert events[1]["data"]["items"][2]["data"]["errors"][0]["field"] == "z\0ne"
    assert events[1]["data"]["remainder"]["items"][0]["payload"]["zone"] == "a\0b"
