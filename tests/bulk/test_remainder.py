"""The items of a bulk that were not done, as its outcome holds them."""

import json

from tests.bulk.desk import Desk, from_item, item, new_subscriber

DELETE = item("subscriber.delete", msisdn="1")


def test_the_remainder_is_sent_again_until_nothing_is_left(desk: Desk) -> None:
    items = [new_subscriber("1", zone="z"), new_subscriber("1"), new_subscriber("2", zone=from_item("0", "zone"), x=1)]
    remainder = desk.bulk(*items, mode="continue")["data"]["remainder"]
    assert remainder == {
        "mode": "continue",
        "items": [new_subscriber("1", id="1"), new_subscriber("2", id="2", zone="z", x=1)],
    }
    again = desk.ask("bulk.execute", remainder)
    assert again["data"]["remainder"] == remainder
    remainder["items"] = [new_subscriber("3", id="1"), new_subscriber("2", id="2", zone="z")]
    assert desk.ask("bulk.execute", remainder)["status"] == 200


def test_the_remainder_holds_items_as_they_were_sent(sqlite_desk: Desk) -> None:
    raw = (
        b'{"operation":"subscriber.create","params":{"msisdn":"1"},"id":null,'
        b'"payload":{"zone":1e400,"x":123456789012345678901234567890,"msisdn":"1","b":1.50,"a":null}}'
    )
    command = json.dumps(sqlite_desk.command("bulk.execute", {"items": ["HERE"]})).encode().replace(b'"HERE"', raw)
    (outcome,) = sqlite_desk.run(command)
    (again,) = outcome["data"]["remainder"]["items"]
    assert list(again) == ["id", "operation", "params", "payload"]
    assert again["id"] == "0"
    assert list(again["payload"]) == ["zone", "x", "msisdn", "b", "a"]
    assert again["payload"]["x"] == 123456789012345678901234567890


def test_the_remainder_holds_an_id_where_it_was_sent(sqlite_desk: Desk) -> None:
    item = {"operation": "subscriber.delete", "id": "last", "params": {"msisdn": "1"}}
    (again,) = sqlite_desk.bulk(item)["data"]["remainder"]["items"]
    assert list(again.items()) == list(item.items())
