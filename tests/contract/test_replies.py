"""Replies: the outcome pushed to a list of the sender's choice. docs/contract.md, sections 1 and 2."""

import json

from tests.contract.expectations import Asked, bad_request, check
from tests.contract.installation import Installation, Sender


def test_the_reply_is_the_outcome_and_its_list_expires(sender: Sender) -> None:
    key = f"spcm:replies:{sender.tenant}:one"
    [event] = sender.run(sender.command("subscriber.get", params={"msisdn": "1"}, replyTo=key))
    assert 200 < sender.installation.redis.ttl(key) <= 300
    del event["_stream"]
    assert json.dumps(sender.reply(key)) == json.dumps(event)


def test_a_list_expires_some_time_after_its_last_reply(sender: Sender) -> None:
    key = f"spcm:replies:{sender.tenant}:two"
    for _ in range(2):
        sender.ask("subscriber.get", params={"msisdn": "1"}, replyTo=key)
        assert 200 < sender.installation.redis.ttl(key) <= 300
        sender.installation.redis.expire(key, 10)


def test_refusals_of_the_envelope_are_told_to_the_reply_list(sender: Sender) -> None:
    key = f"spcm:replies:{sender.tenant}:"  # the shortest
    get = sender.command("subscriber.get", params={"msisdn": "1"}, replyTo=key)
    wrong = [
        get,
        get | {"unknown": 1},
        get | {"id": ""},
        get | {"operation": "x"},
        get | {"operation": "subscriber.promote"},
        get | {"authorization": "Basic x"},
        get | {"params": {}},
        get | {"dryRun": "true"},
        get | {"correlationId": ""},
        get | {"correlationId": "x" * 70_000},
    ]
    events = sender.run(*wrong, partition=2)
    assert [event["status"] for event in events] == [404, 400, 400, 400, 400, 401, 400, 400, 400, 400]
    assert [sender.reply(key)["id"] for _ in wrong] == [event["id"] for event in events]


def test_the_reply_comes_whatever_the_status(installation: Installation, sender: Sender) -> None:
    key = f"spcm:replies:{sender.tenant}:x"
    nobody = installation.add_user(sender.tenant, "nobody", permissions=())
    create = sender.command("subscriber.create", {"msisdn": "1"}, params={"msisdn": "1"}, replyTo=key)
    commands = [
        create,
        create | {"id": "forbidden", "authorization": nobody.authorization},
        create | {"id": "exists"},
        create | {"id": "empty", "payload": {}},
        create | {"payload": {"msisdn": "1", "zone": "z"}},
    ]
    events = sender.run(*commands, partition=2)
    assert [event["status"] for event in events] == [201, 403, 409, 412, 422]
    assert [sender.reply(key)["id"] for _ in commands] == [event["id"] for event in events]


def test_a_tenant_that_does_not_exist_still_gets_its_reply(sender: Sender) -> None:
    key = "spcm:replies:nobody-here:" + "x" * (256 - len("spcm:replies:nobody-here:"))
    command = sender.command("subscriber.get", params={"msisdn": "1"}, tenant="nobody-here", replyTo=key)
    [event] = sender.run(command)
    assert (event["status"], event["source"]) == (401, "/spcm")
    assert sender.reply(key)["id"] == event["id"]


def test_nobody_writes_to_a_list_that_is_not_their_tenants(installation: Installation, sender: Sender) -> None:
    other = installation.add_tenant()
    ours = ("spcm:commands:0", "spcm:partitions", "spcm:deadletters", "celery", f"spcm:outcomes:{sender.tenant}", "x")
    hostile = [*ours, f"spcm:replies:{other.tenant}:x", f"spcm:replies:{sender.tenant}", "spcm:replies:*:x"]
    without_tenant = {"spcm:replies::x": "", "spcm:replies:None:x": None, "spcm:replies:UPPER:x": "UPPER"}
    before = installation.redis.type("x")
    get = sender.command("subscriber.get", params={"msisdn": "1"})
    check(sender, [Asked(key, get | {"replyTo": key}, bad_request() | {"tenant": sender.tenant}) for key in hostile])
    for key, tenant in without_tenant.items():
        [event] = sender.run(get | {"tenant": tenant, "replyTo": key})
        assert (event["status"], event["source"]) == (400, "/spcm")
        assert not installation.redis.exists(key)
    assert installation.redis.type("x") == before
    assert not installation.redis.exists(
        f"spcm:replies:{other.tenant}:x", f"spcm:replies:{sender.tenant}", "spcm:replies:*:x"
    )
    assert installation.redis.get("spcm:partitions") == b"8"


def test_a_reply_list_that_is_none_loses_the_reply_and_nothing_else(sender: Sender) -> None:
    redis = sender.installation.redis
    keys = [f"spcm:replies:{sender.tenant}:{kind}" for kind in ("string", "set", "stream", "hash", "list")]
    redis.set(keys[0], "x")
    redis.sadd(keys[1], "x")
    redis.xadd(keys[2], {"x": "x"})
    redis.hset(keys[3], "x", "x")
    create = [
        sender.command("subscriber.create", {"msisdn": str(n)}, params={"msisdn": str(n)}, replyTo=key)
        for n, key in enumerate(keys)
    ]
    events = sender.run(*create, partition=6)
    assert [event["status"] for event in events] == [201] * 5
    assert redis.get(keys[0]) == b"x"
    assert redis.xlen(keys[2]) == 1
    assert [redis.ttl(key) for key in keys[:4]] == [-1] * 4  # not made to expire either
    assert sender.reply(keys[4])["id"] == events[4]["id"]
