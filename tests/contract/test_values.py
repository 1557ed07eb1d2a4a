"""Values are kept as they were sent, and come from where the reference says."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.contract.fields import DEFINITION, PCC, PROFILE, SUBSCRIBER, Field
from tests.contract.installation import JsonObject, Sender
from tests.contract.scene import FIRST, GOLD, TURKEY, set_up

CREATES: dict[str, tuple[Sequence[Field], JsonObject, JsonObject, JsonObject]] = {
    "provisionProfile": (PROFILE, {}, {"id": 1}, {}),
    "planDefinition": (DEFINITION, {}, {"planDefinitionId": 2}, {"recurring": True}),
    "pccProfile": (PCC, {"planDefinitionId": 1}, {"planDefinitionId": 1, "pccProfileId": 1}, {}),
    "subscriber": (SUBSCRIBER, {"msisdn": "1"}, {"msisdn": "1"}, {"msisdn": "1"}),
}


@pytest.mark.parametrize("resource", CREATES)
@pytest.mark.parametrize("place", [0, -1, -2])
def test_values_at_their_bounds_are_kept_as_they_were_sent(sender: Sender, resource: str, place: int) -> None:
    """What is created is read again by a command of its own, so from the database."""
    sender.run(sender.command("planDefinition.create", TURKEY))
    fields, params, at, more = CREATES[resource]
    sent: dict[str, Any] = {field.name: _wrapped(field, field.kind.good[place]) for field in fields}
    told = {field.name: _wrapped(field, field.kind.told(field.kind.good[place])) for field in fields}
    created = sender.ask(f"{resource}.create", sent | more, params=params)
    assert created["status"] == 201
    read = sender.ask(f"{resource}.get", params=at)
    assert read["data"] == created["data"]
    assert {name: value for name, value in read["data"].items() if name in told} == told | {
        name: value for name, value in more.items() if name in told
    }


def test_a_new_subscriber_takes_what_it_was_not_given_from_its_profile(sender: Sender) -> None:
    set_up(sender)
    named = {"params": {"msisdn": "1", "provisionProfile": "gold"}, "payload": {"msisdn": "1"}}
    nulls = dict.fromkeys(("class", "locale", "paymentType", "dpsEnabled", "eosNotification", "paygNotification"))
    given = {"class": "own", "locale": "en", "paymentType": "UNKNOWN", "dpsEnabled": False, "paygNotification": False}
    steps: list[JsonObject] = [
        named,
        {"params": {"msisdn": "2", "provisionProfile": "gold"}, "payload": {"msisdn": "2", **nulls}},
        {"params": {"msisdn": "3", "provisionProfile": "gold"}, "payload": {"msisdn": "3", **given}},
        {"params": {"msisdn": "4", "provisionProfile": None}, "payload": {"msisdn": "4"}},
    ]
    events = sender.run(*(sender.command("subscriber.create") | step for step in steps))
    taken = ("class", "locale", "paymentType", "dpsEnabled", "dpsNotification", "eosNotification", "paygNotification")
    told = [[event["data"][name] for name in taken] for event in events]
    gold = ["Gold", "ja", "prepaid", True, True, False, True]
    assert told == [
        gold,
        gold,
        ["own", "en", "unknown", False, True, False, False],
        ["Standard", None, "unknown", False, False, False, False],
    ]


@pytest.mark.parametrize(
    ("subscriber_type", "told"),
    [
        ("Prepaid", "prepaid"),
        ("POSTPAID", "postpaid"),
        ("unknown", "unknown"),
        ("hybrid", "unknown"),
        (" prepaid", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_profiles_subscriber_type_becomes_a_payment_type(
    sender: Sender, subscriber_type: str | None, told: str
) -> None:
    profile = {"name": "p", "defaultProfile": True, "subscriberType": subscriber_type}
    created, _, subscriber = sender.run(
        sender.command("provisionProfile.create", profile),
        sender.command("provisionProfile.list"),
        sender.command("subscriber.create", {"msisdn": "1"}, params={"msisdn": "1"}),
        partition=0,
    )
    assert created["data"]["subscriberType"] == subscriber_type
    assert subscriber["data"]["paymentType"] == told


def test_null_on_update_goes_back_to_the_default_and_never_to_the_profiles_value(sender: Sender) -> None:
    sender.run(sender.command("provisionProfile.create", GOLD | {"defaultProfile": True}))
    at = {"msisdn": "1"}
    created = sender.ask("subscriber.create", {"msisdn": "1", "status": "BARRED", "zone": "z"}, params=at)
    assert created["data"]["dpsEnabled"] is True
    nulls = {name: None for name in created["data"] if name != "msisdn"}
    updated = sender.ask("subscriber.update", nulls, params=at)
    flags = dict.fromkeys(("dpsEnabled", "dpsNotification", "eosNotification", "paygNotification"), False)
    expected = nulls | flags | {"msisdn": "1", "paymentType": "unknown", "status": "active"}
    assert updated["data"] == {name: expected[name] for name in created["data"]}
    assert sender.ask("subscriber.get", params=at)["data"] == updated["data"]


def test_a_profile_that_changes_or_goes_leaves_its_subscribers_as_they_are(sender: Sender) -> None:
    sender.run(sender.command("provisionProfile.create", GOLD | {"defaultProfile": True}))
    created = sender.ask("subscriber.create", {"msisdn": "1"}, params={"msisdn": "1"})
    sender.run(
        sender.command("provisionProfile.update", {"subscriberClass": "x", "locale": None}, params={"id": 1}),
        sender.command("provisionProfile.delete", params={"id": 1}),
    )
    assert sender.ask("subscriber.get", params={"msisdn": "1"})["data"] == created["data"]
    assert sender.ask("subscriber.create", {"msisdn": "2"}, params={"msisdn": "2"})["data"]["class"] is None


def test_what_is_freed_can_be_taken_in_the_same_batch(sender: Sender) -> None:
    def subscriber(verb: str, number: str, **payload: Any) -> dict[str, Any]:
        sent = {"msisdn": number} | payload if verb == "create" else payload
        return sender.command(f"subscriber.{verb}", None if verb == "delete" else sent, params={"msisdn": number})

    def profile(verb: str, number: int, **payload: Any) -> dict[str, Any]:
        params = {} if verb == "create" else {"id": number}
        return sender.command(f"provisionProfile.{verb}", None if verb == "delete" else payload, params=params)

    events = sender.run(
        subscriber("create", "1", imsi="1"),
        subscriber("create", "2", imsi="2"),
        subscriber("update", "1", imsi=None),
        subscriber("update", "2", imsi="1"),
        subscriber("update", "1", imsi="2"),
        subscriber("delete", "2"),
        subscriber("update", "1", imsi="1"),
        subscriber("create", "2", imsi="2"),
        profile("create", 1, name="a", defaultProfile=True),
        profile("create", 2, name="b", defaultProfile=False),
        profile("update", 1, name="c", defaultProfile=False),
        profile("update", 2, name="a", defaultProfile=True),
        profile("delete", 2),
        profile("update", 1, name="a", defaultProfile=True),
        partition=0,
    )
    assert [event["status"] for event in events] == [201, 201, *[200] * 5, 201, 201, 201, 200, 200, 204, 200]
    reads = sender.run(*(subscriber("get", number) for number in ("1", "2")), sender.command("provisionProfile.list"))
    assert [event["data"].get("imsi") for event in reads] == ["1", "2", None]
    assert [each["name"] for each in reads[2]["data"]["provisioningProfileDTOList"]] == ["a"]


def test_an_alias_is_unique_in_its_plan_definition_only(sender: Sender) -> None:
    sender.run(*(sender.command("planDefinition.create", TURKEY | {"name": name}) for name in ("a", "b")))
    sent = ((1, FIRST), (2, FIRST), (1, FIRST), (1, FIRST | {"alias": "first"}))
    events = sender.run(
        *(sender.command("pccProfile.create", pcc, params={"planDefinitionId": at}) for at, pcc in sent)
    )
    assert [event["status"] for event in events] == [201, 201, 409, 201]


def _wrapped(field: Field, value: Any) -> Any:
    return {field.inside: value} if field.inside else value
