"""The members of a command, and the attributes of its outcome: docs/contract.md, sections 1 and 2."""

import re
from typing import Any

import pytest

from tests.contract.expectations import Asked, bad_request, check
from tests.contract.installation import Installation, Sender

NOT_TEXT: tuple[Any, ...] = (None, 1, 1.5, True, [], {}, ["x"])
WRONG: dict[str, tuple[Any, ...]] = {
    "id": (*NOT_TEXT, "", "a b", "a\n", " a", "é", "a\x7f", "a\0", "x" * 129),
    "operation": (
        *NOT_TEXT,
        "",
        "subscriber",
        "subscriber.",
        ".get",
        "a.b.c",
        "subscriber.get2",
        "a-b.c",
        "a.b\n",
        "é.b",
        "a" * 63 + ".b",
    ),
    "tenant": (*NOT_TEXT, "", "_t", "-t", "T", "t t", "t\n", "t\0", "é", "t:", "t" * 65, "_unattributed"),
    "correlationId": (*NOT_TEXT, "", "x" * 129, "a\nb", "a\0", "\x7f", "\x85", "\x9f"),
    "replyTo": (
        *NOT_TEXT,
        "",
        "x",
        "spcm:replies:",
        "spcm:replies:other:x",
        "xspcm:replies:{t}:x",
        "spcm:replies:{t}",
        "spcm:replies:{t}x:x",
        "spcm:outcomes:{t}",
        "spcm:commands:0",
        "spcm:replies:{t}:" + "x" * 256,
        "spcm:replies:{t}:\0",
    ),
    "dryRun": (None, "true", "", 0, 1, 1.5, [], {}),
}
RIGHT: dict[str, tuple[Any, ...]] = {
    "id": ("!", "~" * 128, "order-4711/1", '"\\'),
    "correlationId": ("x", "é" * 128, "😀" * 128, " ", "\u202e\u2028", "\ufeff"),
    "dryRun": (False,),
    "params": ({},),
    "payload": ({},),
}
MANDATORY = ("id", "operation", "tenant")


@pytest.fixture
def good(sender: Sender) -> dict[str, Any]:
    return sender.command("provisionProfile.list")


@pytest.mark.parametrize("member", WRONG)
def test_a_member_of_the_wrong_type_or_form_is_refused(sender: Sender, good: dict[str, Any], member: str) -> None:
    wrong: list[dict[str, Any]] = []
    for value in WRONG[member]:
        text = value.replace("{t}", sender.tenant) if isinstance(value, str) else value
        wrong.append(good | {member: text})
    if member in MANDATORY:
        wrong.append({name: value for name, value in good.items() if name != member})
    check(sender, [Asked(f"{each.get(member)!r}", each, _refused(each, member)) for each in wrong], partition=0)


@pytest.mark.parametrize("member", RIGHT)
def test_a_member_of_its_form_is_taken_as_it_was_sent(sender: Sender, good: dict[str, Any], member: str) -> None:
    right = [good | {member: value} for value in RIGHT[member]]
    check(
        sender,
        [
            Asked(
                f"{each[member]!r}",
                each,
                {"status": 200, "commandid": each["id"], "correlationid": each.get("correlationId", each["id"])},
            )
            for each in right
        ],
    )


def test_a_member_may_be_as_long_as_is_told(sender: Sender, good: dict[str, Any]) -> None:
    def reply_list(length: int) -> str:
        return f"spcm:replies:{sender.tenant}:".ljust(length, "x")

    known = {"tenant": sender.tenant, "source": f"/spcm/{sender.tenant}"}
    check(
        sender,
        [
            Asked("operation", good | {"operation": "a" * 62 + ".b"}, bad_request("unknown-operation") | known),
            Asked("tenant", good | {"tenant": "t" * 64}, {"status": 401, "tenant": None}),
            Asked("replyTo", good | {"replyTo": reply_list(256)}, {"status": 200}),
            Asked("one more", good | {"replyTo": reply_list(257)}, bad_request() | known),
        ],
        partition=0,
    )


def test_an_unknown_member_is_refused_whatever_it_holds(sender: Sender, good: dict[str, Any]) -> None:
    names = ("Payload", "headers", "", "a b", "content-type", "correlationid", "dry_run", "\0", "é", "reply_to")
    unknown = [good | {name: value} for name in names for value in ("x", None)]
    check(sender, [Asked(f"{each}", each, bad_request() | {"tenant": sender.tenant}) for each in unknown])


def test_further_fields_of_the_entry_are_ignored(sender: Sender) -> None:
    installation = sender.installation
    command = b'{"id":"x","operation":"subscriber.get","tenant":"%s","authorization":"%s","params":{"msisdn":"1"}}' % (
        sender.tenant.encode(),
        sender.authorization.encode(),
    )
    entries = installation.send([(0, {"first": "1", "command": command, "traceparent": b"\xff"})])
    [event] = installation.outcomes(sender.tenant, entries)
    assert (event["status"], event["commandid"]) == (404, "x")


def test_the_outcome_of_a_success_has_exactly_the_attributes_of_the_contract(sender: Sender) -> None:
    command = sender.command("subscriber.create", {"msisdn": "1"}, params={"msisdn": "1"}, correlationId="order")
    [entry] = sender.send(command)
    [event] = sender.outcomes([entry])
    assert event.pop("_stream") == f"spcm:outcomes:{sender.tenant}"
    assert event.pop("data")["msisdn"] == "1"
    _check_time(event.pop("time"))
    assert event == {
        "specversion": "1.0",
        "id": entry,
        "source": f"/spcm/{sender.tenant}",
        "type": "spcm.subscriber.create.completed",
        "subject": "subscribers/1",
        "datacontenttype": "application/json",
        "tenant": sender.tenant,
        "operation": "subscriber.create",
        "commandid": command["id"],
        "correlationid": "order",
        "status": 201,
    }


def test_the_outcome_of_a_refusal_has_exactly_the_attributes_of_the_contract(sender: Sender) -> None:
    command = sender.command("subscriber.get", params={"msisdn": "1"}, dryRun=True)
    [event] = sender.run(command)
    _check_time(event.pop("time"))
    assert event.pop("_stream") == f"spcm:outcomes:{sender.tenant}"
    assert event.pop("id")
    assert event == {
        "specversion": "1.0",
        "source": f"/spcm/{sender.tenant}",
        "type": "spcm.subscriber.get.rejected",
        "subject": "subscribers/1",
        "datacontenttype": "application/json",
        "tenant": sender.tenant,
        "operation": "subscriber.get",
        "commandid": command["id"],
        "correlationid": command["id"],
        "status": 404,
        "reason": "subscriber-not-found",
        "retryable": False,
        "dryrun": True,
        "data": {"message": "subscriber not found", "status": "error"},
    }


def test_what_no_existing_tenant_can_be_read_from_is_told_to_nobody(installation: Installation) -> None:
    sender = installation.add_tenant()
    good = sender.command("subscriber.get", params={"msisdn": "1"}, correlationId="c")
    unknown = good | {"tenant": "nobody"}
    unreadable = good | {"tenant": "NOBODY"}
    nobody = {"source": "/spcm", "tenant": None, "_stream": "spcm:outcomes:_unattributed"}
    read = {"commandid": good["id"], "correlationid": "c", "operation": "subscriber.get"}
    nothing = {
        "commandid": None,
        "correlationid": None,
        "operation": None,
        "subject": None,
        "type": "spcm.unknown.rejected",
    }
    check(
        sender,
        [
            Asked("an unknown tenant", unknown, {"status": 401, "reason": "bad-credentials", **nobody, **read}),
            Asked("no tenant's name", unreadable, {**bad_request(), **nobody, **read}),
            Asked("not JSON", b"{", {**bad_request(), **nobody, **nothing}),
            Asked("not an object", b"[]", {**bad_request(), **nobody, **nothing}),
        ],
        partition=3,
    )


def test_checks_run_in_the_order_of_the_contract(sender: Sender) -> None:
    """Each command has the fault of one check and of all that come later."""
    bad = sender.command("subscriber.create", "no object", params=[], authorization="Bearer x", id="")
    unknown_operation = bad | {"id": "1", "operation": "subscriber.promote"}
    stranger = bad | {"id": "2"}
    nobody = sender.installation.add_user(sender.tenant, "nobody", permissions=())
    forbidden = stranger | {"authorization": nobody.authorization}
    bad_params = stranger | {"authorization": sender.authorization}
    bad_payload = bad_params | {"params": {"msisdn": "1", "provisionProfile": "none"}}
    invalid = bad_payload | {"payload": {"msisdn": "2"}}
    executed = {"id": "2", "params": {"msisdn": "9"}, "payload": {"msisdn": "9"}}
    reused = bad_payload | {"payload": {"msisdn": "1"}}
    fresh = reused | {"id": "3"}
    check(
        sender,
        [
            Asked("executed", bad_params | executed, {"status": 201}),
            Asked("envelope", bad, bad_request() | {"commandid": None}),
            Asked("operation", unknown_operation, bad_request("unknown-operation")),
            Asked("credentials", stranger, {"status": 401}),
            Asked("permission", forbidden, {"status": 403}),
            Asked("params", bad_params, bad_request()),
            Asked("payload", bad_payload, bad_request()),
            Asked("its fields", invalid, {"status": 412}),
            Asked("journal", reused, {"status": 422, "reason": "command-id-reused"}),
            Asked("operation's own", fresh, {"status": 404, "reason": "provision-profile-not-found"}),
        ],
        partition=1,
    )


def _refused(command: dict[str, Any], member: str) -> dict[str, Any]:
    """The event holds what can be read of the command, and nothing of the member that is at fault."""
    expected = bad_request()
    expected |= {"commandid": command.get("id"), "operation": command.get("operation")}
    expected["correlationid"] = command.get("correlationId", command.get("id"))
    expected["tenant"] = command.get("tenant")
    if member == "operation":
        expected["type"] = "spcm.unknown.rejected"
    name = {"id": "commandid", "correlationId": "correlationid"}.get(member, member)
    if name in expected:
        expected[name] = None
    if member == "id" and "correlationId" not in command:
        expected["correlationid"] = None
    expected["source"] = "/spcm" if expected["tenant"] is None else f"/spcm/{expected['tenant']}"
    return expected


def _check_time(time: str) -> None:
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time)
