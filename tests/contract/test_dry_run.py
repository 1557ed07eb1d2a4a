"""A dry run decides everything and changes nothing."""

from tests.contract.installation import Sender
from tests.contract.scene import GOLD, TURKEY, set_up


def test_a_dry_run_tells_what_would_be_and_changes_nothing(sender: Sender) -> None:
    set_up(sender)
    pcc = {"planDefinitionId": 1, "pccProfileId": 1}
    dry = [
        sender.command("provisionProfile.create", GOLD | {"name": "x"}),
        sender.command("provisionProfile.update", {"name": "x"}, params={"id": 1}),
        sender.command("provisionProfile.delete", params={"id": 1}),
        sender.command("planDefinition.create", TURKEY | {"name": "x"}),
        sender.command("planDefinition.finalise", params={"planDefinitionId": 1}),
        sender.command(
            "pccProfile.create", {"alias": "x", "threshold": True, "precedence": 1}, params={"planDefinitionId": 1}
        ),
        sender.command("pccProfile.update", {"alias": "x"}, params=pcc),
        sender.command("pccProfile.delete", params=pcc),
        sender.command("subscriber.create", {"msisdn": "1", "imsi": "1"}, params={"msisdn": "1"}),
        sender.command("subscriber.update", {"imsi": "1"}, params={"msisdn": "0871"}),
        sender.command("subscriber.delete", params={"msisdn": "0871"}),
    ]
    reads = [
        sender.command("provisionProfile.list"),
        sender.command("planDefinition.search"),
        sender.command("pccProfile.list", params={"planDefinitionId": 1}),
        sender.command("subscriber.get", params={"msisdn": "0871"}),
        sender.command("subscriber.search", params={"imsi": "872"}),
    ]
    before = sender.run(*reads)
    # Twice, in one batch: the second sees nothing of the first either.
    events = sender.run(*(command | {"dryRun": True} for command in dry + dry), partition=3)
    assert [event["status"] for event in events] == [201, 200, 204, 201, 204, 201, 200, 200, 201, 200, 200] * 2
    assert all(event["dryrun"] is True and "replayed" not in event for event in events)
    half = len(dry)
    assert [event.get("data") for event in events[:half]] == [event.get("data") for event in events[half:]]
    assert events[0]["data"]["id"] == 3
    assert events[0]["subject"] == "provisionProfile/3"
    assert [event["data"] for event in sender.run(*reads)] == [event["data"] for event in before]


def test_a_dry_run_consumes_no_ids(sender: Sender) -> None:
    create = sender.command("provisionProfile.create", {"name": "x", "defaultProfile": False})
    other = create | {"id": "other", "payload": {"name": "y", "defaultProfile": False}}
    events = sender.run(create | {"dryRun": True}, create | {"dryRun": True}, create, other | {"dryRun": True}, other)
    assert [event["data"]["id"] for event in events] == [1, 1, 1, 2, 2]
    assert [event.get("dryrun", False) for event in events] == [True, True, False, True, False]
    assert not any("replayed" in event for event in events)


def test_a_dry_run_sees_what_was_done_before_it_in_the_same_batch(sender: Sender) -> None:
    def create(imsi: str, *, dry: bool) -> dict[str, object]:
        return sender.command("subscriber.create", {"msisdn": imsi, "imsi": imsi}, params={"msisdn": imsi}, dryRun=dry)

    update = sender.command("subscriber.update", {"imsi": "2"}, params={"msisdn": "1"}, dryRun=True)
    steps = [
        create("1", dry=True),
        create("1", dry=False),
        create("1", dry=True),
        update,
        create("2", dry=False),
        update,
    ]
    events = sender.run(*steps, partition=2)
    assert [event["status"] for event in events] == [201, 201, 409, 200, 201, 409]


def test_a_refused_dry_run_is_marked_as_one(sender: Sender) -> None:
    get = sender.command("subscriber.update", {}, params={"msisdn": "1"}, dryRun=True)
    events = sender.run(get, get | {"payload": {"x": 1}}, get | {"params": {}})
    assert [(event["status"], event.get("dryrun")) for event in events] == [(404, True), (412, True), (400, True)]
