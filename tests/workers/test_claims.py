"""Whose bell it is to ring: one for each partition, until its drain has nothing left."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis

from adapters.credentials import Authenticator
from adapters.streams import CommandStreams
from adapters.valkey import Valkey
from domain.state import Defaults
from tests.engines import migrated
from tests.faults.test_finish import announcement
from workers.drain import Drain


def bells(*partitions: int) -> dict[int, str]:
    return {partition: f"bell {partition}" for partition in partitions}


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def streams(client: Any) -> CommandStreams:
    return CommandStreams(client, backlog_limit=1000, outcome_retention=timedelta(days=1))


def test_a_bell_is_rung_once_until_nothing_is_left(client: Any, streams: CommandStreams) -> None:
    entries = [client.xadd("spcm:commands:1", {"command": "{}"}).decode() for _ in range(2)]
    assert streams.ring("bells", bells(0, 1)) == [0, 1]
    assert streams.ring("bells", bells(0, 1, 2)) == [2]
    assert client.lrange("bells", 0, -1) == [b"bell 2", b"bell 1", b"bell 0"]
    token = streams.take(1, at_most=10).token
    assert streams.finish(1, token, [announcement(entries[0])]) == 1
    assert streams.ring("bells", bells(1)) == []
    assert streams.finish(1, token, [announcement(entries[1])]) == 0
    assert streams.ring("bells", bells(0, 1)) == [1]


def test_who_finds_nothing_answers_the_bell_too(streams: CommandStreams) -> None:
    assert streams.ring("bells", bells(0)) == [0]
    streams.take(0, at_most=10)
    assert streams.ring("bells", bells(0)) == [0]


def test_a_taker_that_dies_does_not_keep_the_bell(client: Any, streams: CommandStreams) -> None:
    client.xadd("spcm:commands:0", {"command": "{}"})
    assert streams.ring("bells", bells(0)) == [0]
    streams.take(0, at_most=10)
    assert 0 < client.pttl("spcm:bell:0") <= 300


def test_a_claim_that_stays_too_long_is_of_a_clock_that_went_back(client: Any, streams: CommandStreams) -> None:
    client.set("spcm:bell:0", 1, px=3_600_000)
    assert streams.ring("bells", bells(0)) == [0]
    assert 0 < client.pttl("spcm:bell:0") <= 2_000


def test_a_claim_without_an_end_is_of_a_stranger(client: Any, streams: CommandStreams) -> None:
    client.set("spcm:bell:0", 1)
    assert streams.ring("bells", bells(0)) == [0]
    assert 0 < client.pttl("spcm:bell:0") <= 2_000


def test_bells_are_not_in_the_log_that_redis_waits_for(valkey: Valkey) -> None:
    with Redis.from_url(valkey.url) as client:
        client.set("kept", 1)
        streams = CommandStreams(client, backlog_limit=1, outcome_retention=timedelta(days=1))
        assert streams.ring("bells", bells(0)) == [0]
    valkey.kill()
    again = Valkey.start(valkey.directory)
    with Redis.from_url(again.url) as client:
        assert client.keys() == [b"kept"]
    again.stop()


def test_a_drain_whose_time_is_up_answers_the_bell_and_asks_for_another(
    sqlite_url: str, streams: CommandStreams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.drain.BUDGET", 0)
    streams.ring("bells", bells(0))
    with migrated(sqlite_url) as engine:
        assert Drain(engine, streams, Authenticator(), Defaults()).run(0) is True
    assert streams.ring("bells", bells(0)) == [0]
