"""Who a command is from: any fault in it is 401, in the same words. docs/contract.md, sections 1 and 3."""

import base64
from typing import Any

from tests.contract.expectations import Asked, check
from tests.contract.installation import Installation, Sender, basic

REFUSED = {
    "status": 401,
    "reason": "bad-credentials",
    "retryable": False,
    "type": "spcm.provisionProfile.list.rejected",
}


def test_whatever_is_wrong_with_authorization_is_told_in_the_same_words(sender: Sender) -> None:
    good = sender.authorization.removeprefix("Basic ")
    unpadded, odd = good.rstrip("="), base64.b64encode(b"oms:s3cret?").decode()
    assert odd.endswith("=")  # it has bits that a strict reader refuses if they are set
    wrong: list[Any] = [None, 1, True, [], {}, [sender.authorization], "", "Basic", "Basic ", "Bearer x", good]
    wrong += [f"basic {good}", f"BASIC {good}", f"Basic  {good}", f"Basic\t{good}", f" Basic {good}", f"Basic {good} "]
    wrong += [
        f"Basic {good}\n",
        f"Basic {unpadded[:-1]}",
        f"Basic {good}====",
        f"Basic {good[:4]}\n{good[4:]}",
        "Basic é",
        "Basic \0",
    ]
    wrong += [f"Basic {base64.b64encode(raw).decode()}" for raw in (b"", b"oms", b"\xff\xfe:x")]
    wrong += ["Basic " + base64.urlsafe_b64encode(b"~~~???:").decode()]
    wrong += [f"Basic {'A' * 60_000}"]
    command = sender.command("provisionProfile.list")
    asked = [Asked(f"{each!r}", command | {"authorization": each}, REFUSED) for each in wrong]
    asked.append(Asked("missing", {name: command[name] for name in command if name != "authorization"}, REFUSED))
    asked.append(Asked("wrong password", command | {"authorization": basic("oms", "wrong")}, REFUSED))
    asked.append(Asked("unknown user", command | {"authorization": basic("nobody", "s3cret")}, REFUSED))
    asked.append(Asked("a user with NUL", command | {"authorization": basic("oms\0", "s3cret")}, REFUSED))
    unknown = command | {"tenant": "nobody-there"}
    asked.append(Asked("unknown tenant", unknown, REFUSED))
    events = check(sender, asked)
    assert {str(event["data"]) for event in events} == {str({"message": "Bad credentials", "status": "error"})}
    assert all(event["source"] == f"/spcm/{sender.tenant}" for event in events[:-1])


def test_base64_whose_spare_bits_are_set_is_refused(sender: Sender) -> None:
    """The same bytes can be written in several ways, of which one is strict base64."""
    user = sender.installation.add_user(sender.tenant, "a", password="pw")
    assert user.authorization == "Basic YTpwdw=="
    command = user.command("provisionProfile.list")
    check(user, [Asked("YTpwdx==", command | {"authorization": "Basic YTpwdx=="}, REFUSED)])
    check(user, [Asked("YTpwdw==", command, {"status": 200})])


def test_a_name_ends_at_the_first_colon_and_may_be_of_any_characters(
    installation: Installation, sender: Sender
) -> None:
    for name, password in (("é😀 x", "a:b:c"), ("x", ""), ("", "x"), ("long", "p" * 1000), ("o'; --", "\n\t ")):
        user = installation.add_user(sender.tenant, name, password=password)
        assert user.ask("provisionProfile.list")["status"] == 200, (name, password)


def test_an_unknown_tenant_stays_unknown_however_often_it_is_named(sender: Sender) -> None:
    commands = [sender.command("provisionProfile.list", tenant=f"nobody-{n % 3}") for n in range(40)]
    assert {event["status"] for event in sender.run(*commands, partition=1)} == {401}


def test_an_unknown_user_is_throttled_as_a_user_is_and_another_name_is_not(sender: Sender) -> None:
    """Else the status would tell which names there are."""

    def statuses(*users: str) -> list[int]:
        guesses = [
            sender.command("provisionProfile.list", authorization=basic(user, f"guess-{n}"))
            for n, user in enumerate(users)
        ]
        return [event["status"] for event in sender.run(*guesses, partition=1)]

    again = statuses(*["ghost"] * 40)
    assert 10 <= again.count(401) <= 20
    assert set(again) == {401, 503}
    assert set(statuses(*[f"ghost-{n}" for n in range(40)])) == {401}


def test_guessing_is_throttled_for_one_user_and_for_nobody_else(installation: Installation, sender: Sender) -> None:
    other = installation.add_user(sender.tenant, "other")
    assert [each.ask("provisionProfile.list")["status"] for each in (sender, other)] == [200, 200]
    guesses = [sender.command("provisionProfile.list", authorization=basic("oms", f"guess-{n}")) for n in range(40)]
    [*events, last] = sender.run(*guesses, sender.command("provisionProfile.list"), partition=1)
    statuses = [event["status"] for event in events]
    # Each of the two processes counts for itself.
    assert 10 <= statuses.count(401) <= 20
    assert set(statuses) == {401, 503}
    refused = events[-1]
    assert (refused["status"], refused["reason"], refused["retryable"]) == (503, "overloaded", True)
    assert refused["type"] == "spcm.provisionProfile.list.failed"
    assert refused["data"]["status"] == "error"
    assert other.ask("provisionProfile.list")["status"] == 200
    # Whose credentials the process remembers passes; a process that has never seen them does not know better.
    assert last["status"] in (200, 503)
