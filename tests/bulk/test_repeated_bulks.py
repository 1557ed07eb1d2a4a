"""What a bulk is told that was executed before."""

from typing import Any

import pytest

from domain.permissions import Permission
from tests.bulk.desk import Desk, get_subscriber, item, new_subscriber, statuses

DELETE = item("subscriber.delete", msisdn="1")


@pytest.mark.parametrize("items", [[get_subscriber("1")], [new_subscriber("x")], [item("no.such")]])
def test_a_bulk_of_reads_or_refused_items_is_remembered_too(desk: Desk, items: Any) -> None:
    first = desk.bulk(*items, id="b")
    assert desk.journaled() == {"b"}
    desk.create("1")
    again = desk.bulk(*items, id="b")
    assert again["replayed"] is True
    assert [again[name] for name in ("status", "type", "data")] == [first[name] for name in ("status", "type", "data")]


def test_a_repeat_is_told_its_stored_outcome_and_done_once(desk: Desk) -> None:
    items = [new_subscriber("1"), new_subscriber("1")]
    command = desk.command("bulk.execute", {"items": items})
    first, second = desk.run(command, command)
    third = desk.run(command)[0]
    assert (second["replayed"], third["replayed"], "replayed" in first) == (True, True, False)
    assert first["data"] == second["data"] == third["data"]
    other = desk.ask("bulk.execute", {"items": items[:1]}, id=command["id"])
    assert (other["status"], other["reason"]) == (422, "command-id-reused")


def test_a_repeat_needs_the_permission_of_every_item_that_was_executed(desk: Desk) -> None:
    desk.allow(Permission.SUBSCRIBER_CREATE, Permission.SUBSCRIBER_READ)
    # The update was refused with 403 and the delete is malformed: neither was executed.
    items = [
        new_subscriber("1"),
        get_subscriber("9"),
        item("subscriber.update", {}, msisdn="1"),
        DELETE | {"params": 1},
    ]
    first = desk.bulk(*items, id="b")
    assert statuses(first) == [201, 404, 403, 403]
    for missing in ((Permission.SUBSCRIBER_CREATE,), (Permission.SUBSCRIBER_READ,), ()):
        desk.allow(*missing)
        refused = desk.bulk(*items, id="b")
        assert (refused["status"], refused["reason"]) == (403, "permission-denied")
    desk.allow(Permission.SUBSCRIBER_READ, Permission.SUBSCRIBER_CREATE)
    assert desk.bulk(*items, id="b")["replayed"] is True


def test_what_was_not_executed_needs_no_permission_to_be_told_again(desk: Desk) -> None:
    items = [get_subscriber("1"), new_subscriber("1")]
    assert statuses(desk.bulk(*items, id="b", stopAfter=1)) == [404, None]
    desk.allow(Permission.SUBSCRIBER_READ)
    assert desk.bulk(*items, id="b", stopAfter=1)["replayed"] is True
