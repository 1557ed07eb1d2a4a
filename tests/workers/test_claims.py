"""Whose bell it is to ring: one for each partition, until its drain begins."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import insert

from adapters.credentials import Authenticator
from adapters.partition_lock import lock_partition
from adapters.streams import CommandStreams
from adapters.tables import partitions
from adapters.valkey import Valkey
from domain.state import Defaults
from tests.engines import migrated
from workers.drain import Drain


@pytest.fixture
def client(redis_url: str) -> Iterator[Any]:
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def streams(client: Any) -> CommandStreams:
    return CommandStreams(client, backlog_limit=1000, outcome_retention=timedelta(days=1))


def test_a_bell_is_claimed_once_until_commands_are_taken(streams: CommandStreams) -> None:
    assert streams.claim_bells([0, 1]) == [0, 1]
    assert streams.claim_bells([0, 1, 2]) == [2]
    streams.take(1, at_most=10)
    assert streams.claim_bells([0, 1, 2]) == [1]


def test_a_claim_that_stays_too_long_is_of_a_clock_that_went_back(client: Any, streams: CommandStreams) -> None:
    client.set("spcm:bell:0", 1, px=3_600_000)
    assert streams.claim_bells([0]) == [0]
    assert 0 < client.pttl("spcm:bell:0") <= 2_000


def test_claims_are_not_in_the_log_that_redis_waits_for(valkey: Valkey) -> None:
    with Redis.from_url(valkey.url) as client:
        client.set("kept", 1)
        assert CommandStreams(client, backlog_limit=1, outcome_retention=timedelta(days=1)).claim_bells([0]) == [0]
    valkey.kill()
    again = Valkey.start(valkey.directory)
    with Redis.from_url(again.url) as client:
        assert client.keys() == [b"kept"]
    again.stop()


def test_a_drain_that_finds_somebody_at_its_partition_answers_the_bell(
    postgres_url: str, streams: CommandStreams
) -> None:
    with migrated(postgres_url) as engine:
        with engine.begin() as connection:
            connection.execute(insert(partitions), [{"number": 0}])
        streams.claim_bells([0])
        with engine.begin() as somebody:
            lock_partition(somebody, 0)
            assert Drain(engine, streams, Authenticator(), Defaults()).run(0) is False
        assert streams.claim_bells([0]) == [0]
