"""The ringing script rings one bell for each partition, until its drain has nothing left."""

from typing import Any

import pytest
from redis import Redis

from adapters.streams import CommandStreams
from adapters.valkey import Valkey
from tests.adapters.announcements import announcement
from tests.streams import command_streams


def bells(*partitions: int) -> dict[int, str]:
    return {partition: f"bell {partition}" for partition in partitions}


@pytest.fixture
def streams(client: Any) -> CommandStreams:
    return command_streams(client)


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
        streams = command_streams(client, backlog_limit=1)
        assert streams.ring("bells", bells(0)) == [0]
    valkey.kill()
    again = Valkey.start(valkey.directory)
    with Redis.from_url(again.url) as client:
        assert client.keys() == [b"kept"]
    again.stop()
