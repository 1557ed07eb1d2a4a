"""Dead letters, as workers write them, under the commands with which an operator handles them."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from adapters.dead_letters import dead_letters
from tests.cli.program import Program

ME = ["--user", "oms", "--password-env", "PW"]
LETTERS = "spcm:deadletters"


@pytest.fixture
def client(program: Program) -> Iterator[Redis]:
    with Redis.from_url(program.redis_url) as client:
        client.delete(LETTERS)
        yield client


def letter(client: Any, command_id: str, *, tenant: str = "acme", **members: Any) -> str:
    """A dead letter of a command that lists provisioning profiles, unless `members` say otherwise; its id."""
    command = {"id": command_id, "operation": "provisionProfile.list", "tenant": tenant, **members}
    event = {
        "id": "3-1763740800000-0",
        "time": "2026-11-21T16:00:00.123Z",
        "tenant": tenant,
        "operation": command["operation"],
        "commandid": command_id,
        "status": 500,
        "reason": "internal-error",
    }
    fields = {"command": json.dumps(command), "event": json.dumps(event), "error": "ZeroDivisionError", "tries": "3"}
    return str(client.xadd(LETTERS, fields).decode())


def left(client: Any) -> list[str]:
    return [entry.decode() for entry, _ in client.xrange(LETTERS)]


def commands_waiting(client: Redis) -> int:
    return sum(client.xlen(f"spcm:commands:{partition}") for partition in range(8))


def test_they_are_listed_and_shown_oldest_first(program: Program, client: Redis) -> None:
    escaped = {"correlationId": "é"}  # as \u00e9, which could be of another member's name
    first, second = letter(client, "a"), letter(client, "b", tenant="other", dryRun=True, **escaped)
    listed = program.call("deadletters", "list", "--json")
    assert listed.status == 0
    assert [line["id"] for line in listed.lines] == [first, second]
    assert listed.lines[0] == {
        "id": first,
        "time": "2026-11-21T16:00:00.123Z",
        "tenant": "acme",
        "operation": "provisionProfile.list",
        "commandid": "a",
        "error": "ZeroDivisionError",
        "tries": 3,
        "event": "3-1763740800000-0",
    }
    of_other = program.call("deadletters", "list", "--tenant", "other").out
    assert second in of_other
    assert first not in of_other
    shown = program.call("deadletters", "show", second, "--json").lines
    assert shown[0]["command"]["dryRun"] is True
    assert shown[0]["outcome"]["status"] == 500
    assert '"dryRun": true' in program.call("deadletters", "show", second).out


def test_a_list_is_read_to_its_end(program: Program, client: Redis) -> None:
    ids = [letter(client, f"c{number}") for number in range(45)]
    assert [line["id"] for line in program.call("deadletters", "list", "--json").lines] == ids


def test_an_authorization_that_somebody_has_put_there_is_not_shown(program: Program, client: Any) -> None:
    written = letter(client, "a", authorization="Basic Y2FuYXJ5")
    escaped = client.xadd(LETTERS, {"command": '{"id":"b","author\\u0069zation":"Basic Y2FuYXJ5"}', "event": "?"})
    for words in (["list"], ["show", written], ["show", written, "--json"], ["show", escaped.decode(), "--json"]):
        ended = program.call("deadletters", *words)
        assert ended.status == 0
        assert "Y2FuYXJ5" not in ended.out + ended.err
        assert "uthor" not in ended.out


def test_one_is_sent_again_under_its_id_and_then_gone(program: Program, client: Redis) -> None:
    number = {"msisdn": "0899"}
    create: dict[str, Any] = {"operation": "subscriber.create", "params": number, "payload": number}
    first, second = letter(client, "dead-1", **create), letter(client, "dead-2")
    sent = program.call("deadletters", "resend", first, *ME, "--json")
    assert sent.status == 0, sent
    assert [(line["commandid"], line["status"]) for line in sent.lines] == [("dead-1", 201)]
    assert left(client) == [second]


def test_what_was_executed_meanwhile_is_replayed(program: Program, client: Redis) -> None:
    number = {"msisdn": "0898"}
    create: dict[str, Any] = {"operation": "subscriber.create", "params": number, "payload": number}
    ids = [letter(client, "dead-3", **create), letter(client, "dead-3", **create)]
    sent = program.call("deadletters", "resend", *ids, *ME, "--json").lines
    assert [line.get("replayed", False) for line in sent] == [False, True]
    assert left(client) == []


def test_all_of_a_tenant_are_sent_again(program: Program, client: Redis) -> None:
    others = letter(client, "x", tenant="other")
    for number in range(25):
        letter(client, f"all-{number}")
    sent = program.call("deadletters", "resend", "--all", "--tenant", "acme", *ME, "--json")
    assert sent.status == 0
    assert [line["commandid"] for line in sent.lines] == [f"all-{number}" for number in range(25)]
    assert left(client) == [others]


def test_one_that_was_refused_for_its_credentials_stays(program: Program, client: Redis) -> None:
    here = letter(client, "a")
    sent = program.run("deadletters", "resend", here, *ME, "--json", PW="wrong")
    assert sent.status == 1
    assert [line["status"] for line in sent.lines] == [401]
    assert left(client) == [here]


def test_without_waiting_they_are_gone_as_soon_as_redis_has_them(program: Program, client: Redis) -> None:
    letter(client, "a")
    sent = program.call("deadletters", "resend", "--all", *ME, "--no-wait", "--json")
    assert sent.status == 0
    assert [line["commandid"] for line in sent.lines] == ["a"]
    assert left(client) == []


@pytest.mark.parametrize("command", [b"", b"\xff"], ids=["nothing", "no text"])
def test_one_without_a_command_can_only_be_discarded(program: Program, client: Redis, command: bytes) -> None:
    client.xadd(LETTERS, {"command": command, "event": "{}", "error": "killed", "tries": "3" * 5000})
    letter(client, "a")
    sent = program.call("deadletters", "resend", "--all", *ME)
    assert sent.status == 2
    assert "1 dead letter cannot be sent (no readable command): discard with" in sent.err
    assert len(left(client)) == 1
    assert program.call("deadletters", "discard", "--all", "--json").lines == [{"removed": 1}]
    assert left(client) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["show", "1-1"], "there is no dead letter 1-1"),
        (["show", "-"], "a dead letter's id is like"),
        (["discard"], "or give --all"),
        (["discard", "1-1", "--all"], "or give --all"),
        (["discard", "1-1", "--tenant", "acme"], "--tenant goes with --all"),
        (["resend", "1-1", *ME], "there is no dead letter 1-1"),
        (["resend", "--all", "--user", "oms", "--password-env", "NONE"], "the variable NONE has no password"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_nothing_is_done(
    program: Program, client: Redis, words: list[str], told: str
) -> None:
    here = letter(client, "a")
    assert program.call("deadletters", *words).is_refused(told)
    assert left(client) == [here]
    assert commands_waiting(client) == 0


def test_those_that_come_while_they_are_read_are_not_read(client: Redis) -> None:
    ids = [letter(client, f"c{number}") for number in range(45)]
    read = []
    for each in itertools.islice(dead_letters(client), 200):
        letter(client, "later")
        read.append(each.id)
    assert read == ids


def test_one_that_was_refused_for_a_missing_permission_stays(program: Program, client: Redis) -> None:
    user = ("user", "add", "idle", "--tenant", "acme", "--password-stdin", "--permission", "subscriber_read")
    assert program.call(*user, stdin="pw").status == 0
    here = letter(client, "a")
    sent = program.run("deadletters", "resend", here, "--user", "idle", "--password-env", "PW", "--json", PW="pw")
    assert [line["status"] for line in sent.lines] == [403]
    assert left(client) == [here]


@pytest.mark.parametrize(
    "words", [["list"], ["resend", "--all", *ME], ["discard", "--all"]], ids=lambda words: words[0]
)
def test_those_of_a_tenant_that_there_is_not_are_not_looked_for(
    program: Program, client: Redis, words: list[str]
) -> None:
    here = letter(client, "a")
    assert program.call("deadletters", *words, "--tenant", "nobody").is_refused("there is no tenant nobody")
    assert left(client) == [here]


def test_without_a_database_they_are_listed_all_the_same(program: Program, client: Redis, tmp_path: Path) -> None:
    without = Program(SPCM_REDIS_URL=program.redis_url, SPCM_DATA=str(tmp_path))
    listed = without.call("deadletters", "list", "--tenant", "nobody", "--json")
    assert (listed.status, listed.out, listed.err) == (0, "", "")


@pytest.mark.usefixtures("client")
def test_where_no_dead_letter_was_sent_it_says_so(program: Program) -> None:
    resent = program.run("deadletters", "resend", "--all", "--user", "oms", "--password-env", "PW")
    assert (resent.status, resent.err) == (0, "spcm: there are no dead letters, and nothing was sent\n")
