"""Bad input in the middle of good commands: it gets its outcome, and the commands beside it are executed in order."""

import json
from typing import Any

import pytest

from tests.contract.expectations import bad_request
from tests.contract.installation import Sender
from tests.contract.malformed import MALFORMED

NOBODY = {"tenant": None, "source": "/spcm", "type": "spcm.unknown.rejected", "commandid": None, "subject": None}
NOTHING_READ = bad_request() | NOBODY


def test_each_bad_entry_has_its_own_outcome_and_the_good_ones_beside_it_are_executed(sender: Sender) -> None:
    entries: list[dict[Any, Any]] = [{"command": raw} for raw in MALFORMED.values()]
    entries += [{"Command": b"{}"}, {"other": b"x"}]  # no command at all
    names = [*MALFORMED, "another field", "no field command"]
    good = [_create(sender, number) for number in range(len(entries) + 1)]
    sent: list[tuple[int, dict[Any, Any]]] = [(4, {"command": json.dumps(good[0])})]
    for bad, after in zip(entries, good[1:], strict=True):
        sent += [(4, bad), (4, {"command": json.dumps(after)})]
    ids = sender.installation.send(sent)
    events = sender.outcomes(ids)
    assert [event["status"] for event in events[::2]] == [201] * len(good)
    for name, event in zip(names, events[1::2], strict=True):
        assert {attribute: event.get(attribute) for attribute in NOTHING_READ} == NOTHING_READ, name
        assert event["data"]["status"] == "error", name
        assert list(event["data"]) == ["message", "status"], name
    own = [entry for entry, event in zip(ids, events, strict=True) if event.get("tenant")]
    assert sender.installation.order(own) == own


@pytest.mark.parametrize("place", ["first in the object", "last in the object"])
def test_what_is_wrong_anywhere_in_the_text_leaves_nothing_to_be_read(sender: Sender, place: str) -> None:
    """A whole good command, with one thing in it that no JSON has: it is not executed, and nothing of it is told."""
    good = json.dumps(_create(sender, 1))
    wrong = [
        '"x":NaN',
        '"x":"\\ud800"',
        '"x":{"a":1,"a":1}',
        '"x":' + "[" * 32 + "]" * 32,
        '"x":"\x01"',
        '"id":"again"',
    ]
    made = [f"{{{each},{good[1:]}" if place.startswith("first") else f"{good[:-1]},{each}}}" for each in wrong]
    events = sender.run(*(each.encode() for each in made), json.dumps(_create(sender, 1)).encode())
    for text, event in zip(made, events[:-1], strict=True):
        assert {attribute: event.get(attribute) for attribute in NOTHING_READ} == NOTHING_READ, text
    assert events[-1]["status"] == 201


def test_depth_32_is_read(sender: Sender) -> None:
    """The command is level 1, its payload level 2."""
    nested: Any = 1
    for _ in range(30):
        nested = [nested]
    events = sender.run(
        sender.command("provisionProfile.create", {"deep": nested}),
        sender.command("provisionProfile.create", {"deep": [nested]}),
    )
    assert [event["status"] for event in events] == [412, 400]
    assert events[0]["data"]["errors"][-1] == {"field": "deep", "description": "deep is not a known field"}
    assert events[1].get("commandid") is None


def test_numbers_that_nothing_holds_are_values_of_the_wrong_type(sender: Sender) -> None:
    numbers = ("1e400", "-1e400", "1" * 19, "9" * 5000, "-" + "9" * 5000, "1e-400", "0.1e1", "5.0", "-0.0")
    text = json.dumps(sender.command("planDefinition.create", {"cost": 77}))
    raw = [
        text.replace("77", number).replace('"oms-1"', f'"n{place}"').encode() for place, number in enumerate(numbers)
    ]
    events = sender.run(*raw)
    for number, event in zip(numbers, events, strict=True):
        assert event["status"] == 412, number
        told = {each["field"]: each["description"] for each in event["data"]["errors"]}
        assert told["cost"] == "cost must be an integer from 0", number
        assert number not in json.dumps(event["data"]), number


def test_no_fault_repeats_a_value_that_was_sent(sender: Sender) -> None:
    canary = "canary-7f3a"
    events = sender.run(
        sender.command("subscriber.create", {"msisdn": canary, "locale": canary, "x": canary}, params={"msisdn": "1"}),
        sender.command("subscriber.create", canary, params={"msisdn": canary}),
        sender.command("subscriber.get", params={"msisdn": canary, "x": canary}),
        sender.command("subscriber.get", params=canary),
        sender.command("subscriber.get", authorization=canary),
        sender.command("subscriber.get", params={"msisdn": "1"}, dryRun=canary, unknown=canary),
        sender.command(
            "planDefinition.create", {"validityPeriod": {"validityPeriod": canary}, "unitMeteringType": canary}
        ),
    )
    assert [event["status"] for event in events] == [412, 400, 400, 400, 401, 400, 412]
    assert canary not in json.dumps(events)


def _create(sender: Sender, number: int) -> dict[str, Any]:
    return sender.command("subscriber.create", {"msisdn": str(number)}, params={"msisdn": str(number)})
