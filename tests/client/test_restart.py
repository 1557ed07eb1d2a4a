"""Redis is killed and started again while the client waits; the connection is away for as long as that takes."""

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from adapters.valkey import Valkey
from spcm_client import BulkItem, Client, Outcome, OutcomeGroup, follow, import_items
from tests.client.stand_in import StandIn, bulk_answer, publish, waiting_in
from tests.polling import wait_for


def kill_and_restart(valkey: Valkey) -> Valkey:
    valkey.kill()
    return Valkey.start(valkey.directory, port=valkey.port)


def test_an_import_goes_on(valkey: Valkey) -> None:
    items = [BulkItem("subscriber.create", {"msisdn": str(i)}) for i in range(100)]
    with (
        ThreadPoolExecutor(1) as beside,
        StandIn(valkey.url) as worker,
        Redis.from_url(valkey.url) as redis,
        Client(valkey.url, "acme", "oms", "s3cret") as client,
    ):
        worker.answer = lambda command, times: bulk_answer(command) if times > 1 else None
        results = beside.submit(lambda: list(import_items(client, items, timeout=30)))
        wait_for(lambda: len(worker.seen) == 8 and waiting_in(redis, "blpop"), within=10)
        restarted = kill_and_restart(valkey)
        assert len(results.result(timeout=30)) == 100
        assert set(worker.times.values()) == {2}
    restarted.stop()


def test_a_call_goes_on_though_redis_is_away_for_longer_than_one_try(valkey: Valkey) -> None:
    with (
        ThreadPoolExecutor(1) as beside,
        Redis.from_url(valkey.url) as redis,
        Client(valkey.url, "acme", "oms", "s3cret") as client,
    ):
        outcome = beside.submit(client.call, "planDefinition.search")
        wait_for(lambda: waiting_in(redis, "blpop"), within=10)
        valkey.kill()
        time.sleep(3)
        restarted = Valkey.start(valkey.directory, port=valkey.port)
        with StandIn(valkey.url):
            assert outcome.result(timeout=30).ok
    restarted.stop()


@pytest.mark.parametrize("reader", ["alone", "group"])
def test_a_reader_goes_on_after_what_it_saw_last(valkey: Valkey, reader: str) -> None:
    with Redis.from_url(valkey.url) as redis, ThreadPoolExecutor(1) as beside:
        if reader == "alone":
            outcomes = follow(valkey.url, "acme", idle=60)
        else:
            outcomes = OutcomeGroup(valkey.url, "acme", "billing").follow_as("a", idle=60)
        publish(redis)
        assert take(outcomes, 1) == ["c0"]
        following = beside.submit(take, outcomes, 2)
        wait_for(lambda: waiting_in(redis, "xread" if reader == "alone" else "xreadgroup"), within=10)
        restarted = kill_and_restart(valkey)
        publish(redis, 2, first=1)
        assert following.result(timeout=30) == ["c1", "c2"]
    restarted.stop()


def take(outcomes: Iterator[Outcome], count: int) -> list[str | None]:
    return [outcome.command_id for outcome in itertools.islice(outcomes, count)]
