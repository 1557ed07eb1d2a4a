"""Bulks through Redis: the largest, their place in a partition's order, their replies, and all partitions at once."""

from tests.bulk.desk import item, new_subscriber, statuses, written
from tests.contract.installation import Sender

LARGEST = 4 * 1024 * 1024


def test_a_bulk_of_4_mib_is_executed_and_one_byte_more_is_refused(sender: Sender) -> None:
    summaries = [item("planDefinition.create", {"summary": "ü" * 1000}) for _ in range(900)]
    command = sender.command("bulk.execute", {"items": [new_subscriber("1"), *summaries, new_subscriber("2")]})
    command["payload"]["items"][1]["payload"]["summary"] += "x" * (LARGEST - len(written(command)))
    exactly = written(command)
    assert len(exactly) == LARGEST
    (outcome,) = sender.run(exactly)
    assert outcome["type"] == "spcm.bulk.execute.partial"
    assert statuses(outcome) == [201, *[412] * 900, 201]
    assert len(outcome["data"]["remainder"]["items"]) == 900
    (outcome,) = sender.run(exactly[:-1] + b" }")
    assert (outcome["status"], outcome["reason"], "tenant" in outcome) == (400, "command-too-large", False)
    done = [sender.command("subscriber.get", params={"msisdn": number}) for number in "12"]
    assert [each["status"] for each in sender.run(*done)] == [200, 200]


def test_bulks_and_single_commands_of_a_partition_keep_their_order(sender: Sender) -> None:
    update = item("subscriber.update", {"zone": "b"}, msisdn="1")
    outcomes = sender.run(
        sender.command("subscriber.create", {"msisdn": "1", "zone": "a"}, params={"msisdn": "1"}),
        sender.command("bulk.execute", {"items": [item("subscriber.get", msisdn="1"), update]}),
        sender.command("subscriber.get", params={"msisdn": "1"}),
        sender.command("bulk.execute", {"items": [item("subscriber.delete", msisdn="1")]}),
        sender.command("subscriber.get", params={"msisdn": "1"}),
        partition=3,
    )
    assert [each["status"] for each in outcomes] == [201, 200, 200, 200, 404]
    assert outcomes[1]["data"]["items"][0]["data"]["zone"] == "a"
    assert outcomes[2]["data"]["zone"] == "b"


def test_a_bulk_is_told_to_its_reply_list_and_again_to_a_repeat(sender: Sender) -> None:
    key = f"spcm:replies:{sender.tenant}:bulk"
    command = sender.command("bulk.execute", {"items": [new_subscriber("1")] * 2}, replyTo=key)
    first, again = sender.run(command, command)
    assert (sender.reply(key)["data"], sender.reply(key)["data"]) == (first["data"], first["data"])
    assert (first["status"], again["replayed"]) == (207, True)


def test_batch_updates_and_single_updates_from_all_partitions_lose_nothing(sender: Sender) -> None:
    sender.run(sender.command("bulk.execute", {"items": [new_subscriber(str(n), tag="t") for n in range(200)]}))
    entries = []
    for turn in range(10):
        payload = {"filter": {"tag": "t"}, "subscriber": {"renewalDayOfMonth": turn}}
        entries += sender.send(sender.command("subscriber.batchUpdate", payload))
        singles = [
            sender.command("subscriber.update", {"zone": f"z{turn}"}, params={"msisdn": str(n)}) for n in range(200)
        ]
        entries += sender.send(*singles)
    assert {event["status"] for event in sender.outcomes(entries)} == {200}
    found = [sender.command("subscriber.get", params={"msisdn": str(n)}) for n in range(200)]
    told = {(event["data"]["zone"], event["data"]["renewalDayOfMonth"]) for event in sender.run(*found)}
    assert told == {("z9", 9)}
