"""What resources do over several commands."""

from tests.contract.installation import JsonObject, Sender
from tests.contract.scene import ADA_TOLD, LINKS, definition_told, pcc_told, set_up


def test_an_id_that_is_gone_is_never_given_again(sender: Sender) -> None:
    set_up(sender)
    second = {"alias": "Second", "threshold": True, "precedence": 1}
    events = sender.run(
        sender.command("provisionProfile.delete", params={"id": 2}),
        sender.command("provisionProfile.create", {"name": "standard", "defaultProfile": True}),
        sender.command("pccProfile.delete", params={"planDefinitionId": 1, "pccProfileId": 2}),
        sender.command("pccProfile.create", second, params={"planDefinitionId": 3}),
    )
    assert [event["status"] for event in events] == [204, 201, 200, 201]
    assert events[1]["data"]["id"] == 3
    assert events[3]["data"] == pcc_told(4, 3, "Second", 1, threshold=True)


def test_a_finalised_definition_is_told_so_and_finalised_again_without_harm(sender: Sender) -> None:
    set_up(sender)
    at = {"planDefinitionId": 1}
    events = sender.run(
        sender.command("planDefinition.finalise", params=at),
        sender.command("planDefinition.finalise", params=at),
        sender.command("planDefinition.get", params=at),
        sender.command("pccProfile.list", params={"planDefinitionId": 3}),
    )
    assert [event["status"] for event in events] == [204, 204, 200, 200]
    assert "data" not in events[0]
    assert events[2]["data"] == definition_told(1, "turkey", finalised=True)
    assert events[3]["data"] == {
        "_links": {"self": {"href": f"{LINKS}/3/pccProfiles"}},
        "_embedded": {"pccProfiles": []},
    }


def test_searching_plan_definitions_combines_what_is_asked(sender: Sender) -> None:
    set_up(sender)
    asked = [
        {},
        {"name": None, "current": None},
        {"current": True},
        {"current": False},
        {"name": "bare"},
        {"name": "Bare"},
        {"name": "bare", "current": False},
    ]
    events = sender.run(*(sender.command("planDefinition.search", params=params) for params in asked))
    found = [[each["id"] for each in event["data"]["planDefinition"]] for event in events]
    assert found == [[1, 2, 3], [1, 2, 3], [1, 2, 3], [], [3], [], []]
    assert [event["data"]["length"] for event in events] == [3, 3, 3, 0, 1, 0, 0]
    assert not any("subject" in event for event in events)


def test_a_search_by_imei_finds_the_subscriber_created_last(sender: Sender) -> None:
    set_up(sender)
    imei = ADA_TOLD["imei"]
    search = sender.command("subscriber.search", params={"imei": imei, "imsi": None})
    partition = 5  # all in one, so that they come one after the other

    def create(number: str) -> JsonObject:
        return sender.command("subscriber.create", {"msisdn": number, "imei": imei}, params={"msisdn": number})

    steps = [
        create("0881"),
        create("0882"),
        create("0883"),
        search | {"id": "s1"},
        sender.command("subscriber.update", {"zone": "x"}, params={"msisdn": "0881"}),
        search | {"id": "s2"},
        sender.command("subscriber.delete", params={"msisdn": "0883"}),
        search | {"id": "s3"},
        sender.command("subscriber.update", {"imei": None}, params={"msisdn": "0882"}),
        search | {"id": "s4"},
        sender.command("subscriber.delete", params={"msisdn": "0881"}),
        create("0881"),
        search | {"id": "s5"},
    ]
    events = sender.run(*steps, partition=partition)
    found = [event["data"]["msisdn"] for event in events if event["commandid"].startswith("s")]
    assert found == ["0883", "0883", "0882", "0881", "0881"]
    assert sender.run(search | {"id": "s6"})[0]["data"]["msisdn"] == "0881"
