"""Workers look for circles of objects rarely: what is refused must not be part of one, or commands pile up."""

import gc
from typing import Any

import pytest
from pydantic import ValidationError

from domain.bulk_item import BulkItem
from domain.errors import Refused
from tests.bulk.desk import Desk, from_item, get_subscriber, item, new_subscriber
from workers.case import Case

COMMANDS: dict[str, Any] = {
    "no JSON": b'{"id": ',
    "duplicate members": b'{"id": "a", "id": "b"}',
    "an unknown member": {"operation": "subscriber.get", "params": {"msisdn": "1"}, "unknown": 1},
    "an unknown operation": {"operation": "no.such"},
    "no credentials": {"operation": "subscriber.get", "authorization": None},
    "a wrong password": {"operation": "subscriber.get", "authorization": "Basic b21zOndyb25n"},
    "invalid params": {"operation": "subscriber.get", "params": {"msisdn": "abc"}},
    "invalid fields": {
        "operation": "subscriber.create",
        "params": {"msisdn": "1"},
        "payload": {"msisdn": "2", "locale": "zz", "status": "none", "unknown": 1},
    },
    "not found": {"operation": "subscriber.get", "params": {"msisdn": "404"}},
    "a conflict": {"operation": "subscriber.create", "params": {"msisdn": "409"}, "payload": {"msisdn": "409"}},
    "no bulk": {"operation": "bulk.execute", "payload": {"items": [{"operation": 1}]}},
}
ITEMS = [
    item("no.such"),
    new_subscriber("1", locale="zz"),
    new_subscriber("2", id="two", unknown=1),
    new_subscriber("409"),
    get_subscriber("404"),
    get_subscriber(from_item("two", "msisdn")),
]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_refused_command_leaves_nothing(desk: Desk, command: Any) -> None:
    desk.create("409")
    assert_nothing_is_left_of(desk, command if isinstance(command, bytes) else desk.command(**command))


@pytest.mark.parametrize("mode", ["continue", "atomic"])
def test_a_bulk_with_refused_items_leaves_nothing(desk: Desk, mode: str) -> None:
    desk.create("409")
    assert_nothing_is_left_of(desk, desk.command("bulk.execute", {"items": ITEMS, "mode": mode}))


def assert_nothing_is_left_of(desk: Desk, command: Any) -> None:
    gc.collect()
    gc.disable()
    try:
        before = alive()
        (outcome,) = desk.run(command)
        assert outcome["status"] >= 207
        assert len(alive()) == len(before)  # which other tests have left
    finally:
        gc.enable()


def alive() -> list[Any]:
    kept = Case | BulkItem | Refused | ValidationError
    return [each for each in gc.get_objects() if issubclass(type(each), kept)]  # isinstance would wake proxies
