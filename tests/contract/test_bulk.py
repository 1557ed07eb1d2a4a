"""bulk.execute through Redis, with each status that it can have; what its items do is in tests/bulk."""

import json
from typing import Any

from tests.contract.expectations import Asked, bad_request, check, invalid
from tests.contract.installation import Installation, JsonObject, Sender

MIB = 1024 * 1024


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


def test_each_item_needs_its_own_permission_and_the_bulk_none(installation: Installation) -> None:
    nobody = installation.add_tenant(permissions=())
    event = nobody.ask("bulk.execute", {"items": [_item("1")]})
    assert (event["status"], event["data"]["items"][0]["status"]) == (207, 403)


def test_a_bulk_may_be_4_mib_large(sender: Sender) -> None:
    items = [_item(str(number), zone="z" * 255, tag="t" * 255) for number in range(1000)]
    command = sender.command("bulk.execute", {"items": items})
    raw = json.dumps(command).encode()
    largest = raw[:1] + b" " * (4 * MIB - len(raw)) + raw[1:]
    events = sender.run(
        largest, largest + b" ", sender.command("subscriber.get", params={"msisdn": "999"}), partition=0
    )
    assert [event["status"] for event in events] == [200, 400, 200]
    assert events[0]["data"]["succeeded"] == 1000
    assert (events[1]["reason"], events[1]["source"]) == ("command-too-large", "/spcm")
