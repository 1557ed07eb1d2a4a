"""Outcomes from the journal, after Redis was emptied."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis import Redis

from cli.outcomes.republish import moment_of
from cli.problems import Problem
from tests.cli.program import Program

STREAM = "spcm:outcomes:acme"
NOW = datetime(2026, 11, 21, 16, tzinfo=UTC)


@pytest.fixture
def client(program: Program) -> Iterator[Redis]:
    with Redis.from_url(program.redis_url) as client:
        yield client


def send(program: Program, *numbers: str) -> None:
    commands = [
        {"operation": "subscriber.create", "params": {"msisdn": number}, "payload": {"msisdn": number}}
        for number in numbers
    ]
    text = json.dumps(commands)
    sent = program.run("submit", "--tenant", "acme", "--user", "oms", "--password-env", "PW", stdin=text)
    assert sent.status == 0, sent


def republish(program: Program, since: str = "1h") -> int:
    ended = program.call("republish", "--tenant", "acme", "--since", since, "--json")
    assert ended.status == 0, ended
    return int(ended.lines[0]["republished"])


def told(client: Any) -> list[dict[str, Any]]:
    return [json.loads(fields[b"event"]) for _, fields in client.xrange(STREAM)]


def test_what_was_lost_is_told_again_once_and_oldest_first(program: Program, client: Any) -> None:
    for number in ("0801", "0802", "0803"):
        send(program, number)
    before = told(client)
    assert republish(program) == 0
    kept = client.xrange(STREAM)[1]
    client.delete(STREAM)
    client.xadd(STREAM, kept[1])
    assert republish(program) == len(before) - 1
    assert told(client) == [before[1], before[0], *before[2:]]
    assert republish(program) == 0


def test_only_what_is_newer_than_the_time_given(program: Program, client: Redis) -> None:
    send(program, "0811")
    client.delete(STREAM)
    assert republish(program, (datetime.now(UTC) + timedelta(minutes=1)).isoformat()) == 0
    assert republish(program, "2020-01-01T00:00:00Z") > 0


def test_a_tenant_that_there_is_not_is_told(program: Program) -> None:
    assert program.call("republish", "--tenant", "acne", "--since", "1h").is_refused("there is no tenant acne")


def test_times_are_read_with_their_zone_or_as_how_long_ago() -> None:
    assert moment_of("2h", NOW) == NOW - timedelta(hours=2)
    assert moment_of("7d", NOW) == NOW - timedelta(days=7)
    assert moment_of("2026-11-21T17:00:00+01:00", NOW) == NOW
    assert moment_of("2026-11-21T16:00:00Z", NOW) == NOW


@pytest.mark.parametrize(
    "text", ["", "2h ago", "yesterday", "2026-11-21T16:00:00", "2026-11-21", "99999999999d", "-2h"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="--since must be"):
        moment_of(text, NOW)
