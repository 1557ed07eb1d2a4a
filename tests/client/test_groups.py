import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis import Redis

from spcm_client import MalformedOutcome, OutcomeGroup
from tests.client.clock import Clock
from tests.client.stand_in import cut_off, demote, publish
from tests.faults.proxy import Proxy

STREAM = "spcm:outcomes:acme"


@pytest.fixture
def group(redis: Redis, redis_url: str) -> OutcomeGroup:
    return OutcomeGroup(redis_url, "acme", "billing", start="start")


def ids(outcomes: Any) -> list[str]:
    return [outcome.command_id for outcome in outcomes]


def pending(redis: Redis) -> int:
    count: int = redis.xpending(STREAM, "billing")["pending"]
    return count


def test_every_outcome_is_told_and_acknowledged(redis: Redis, group: OutcomeGroup) -> None:
    publish(redis, 40)
    assert ids(group.follow_as("a", idle=0.05)) == [f"c{i}" for i in range(40)]
    assert pending(redis) == 0


def test_an_outcome_is_acknowledged_when_the_next_one_is_asked_for(redis: Any, group: OutcomeGroup) -> None:
    publish(redis, 3)
    outcomes = group.follow_as("a")
    assert ids(itertools.islice(outcomes, 2)) == ["c0", "c1"]
    first = redis.xpending_range(STREAM, "billing", "-", "+", 10)[0]["message_id"]
    assert first == redis.xrange(STREAM)[1][0]


def test_a_consumer_resumes_with_what_it_had_not_finished(redis: Redis, group: OutcomeGroup) -> None:
    publish(redis, 40)
    for outcome in group.follow_as("a"):
        if outcome.command_id == "c5":
            break  # the loop body has not come to its end
    publish(redis, first=40)
    assert ids(group.follow_as("a", idle=0.05)) == [f"c{i}" for i in range(5, 41)]


def test_two_consumers_share_the_outcomes(redis: Redis, group: OutcomeGroup) -> None:
    publish(redis, 20)
    first, second = group.follow_as("a", idle=0.05), group.follow_as("b", idle=0.05)
    begun = [next(first), next(second)]
    assert sorted(ids([*begun, *first, *second])) == sorted(f"c{i}" for i in range(20))


def test_what_dead_consumers_left_lying_is_claimed_by_another(redis: Redis, group: OutcomeGroup) -> None:
    publish(redis, 40)
    for dead in ("c", "d"):
        next(group.follow_as(dead))
    assert ids(group.follow_as("b", claim_after=60, idle=0.05)) == [f"c{i}" for i in range(32, 40)]
    assert ids(group.follow_as("b", claim_after=0.05, idle=0.3)) == [f"c{i}" for i in range(32)]
    assert pending(redis) == 0


def test_who_waits_for_new_ones_looks_for_those_left_lying_too(redis: Redis, group: OutcomeGroup) -> None:
    publish(redis, 40)
    next(group.follow_as("dead"))
    told = ids(group.follow_as("b", claim_after=2, idle=3))  # more than a slow machine takes for the new ones
    assert told == [f"c{i}" for i in (*range(16, 40), *range(16))]


def test_a_group_begins_now_unless_told_otherwise(redis: Redis) -> None:
    publish(redis)
    group = OutcomeGroup(redis, "acme", "late")
    publish(redis, first=1)
    assert ids(group.follow_as("a", idle=0.05)) == ["c1"]


def test_a_group_that_is_there_goes_on_where_it_was(redis: Redis, group: OutcomeGroup) -> None:
    publish(redis, 2)
    assert ids(itertools.islice(group.follow_as("a"), 2)) == ["c0", "c1"]
    assert ids(OutcomeGroup(redis, "acme", "billing", start="now").follow_as("a", idle=0.05)) == ["c1"]


def test_a_group_that_redis_has_lost_is_made_again_and_misses_nothing(redis: Redis, group: OutcomeGroup) -> None:
    outcomes = group.follow_as("a")
    publish(redis)
    assert next(outcomes).command_id == "c0"
    redis.flushall()
    publish(redis, 2, first=1)
    assert ids(itertools.islice(outcomes, 2)) == ["c1", "c2"]


def test_entries_given_by_an_answer_that_was_lost_are_told(redis: Redis, group: OutcomeGroup) -> None:
    outcomes = group.follow_as("a", claim_after=3600, idle=20)
    publish(redis)
    assert next(outcomes).command_id == "c0"
    publish(redis, first=1)
    redis.xreadgroup("billing", "a", {STREAM: ">"})  # as if it had been answered to the consumer, and lost
    cutter = threading.Thread(target=cut_off, args=(redis, "xreadgroup"))
    cutter.start()
    assert next(outcomes).command_id == "c1"
    cutter.join()


def test_the_idle_time_begins_anew_with_each_outcome(redis: Redis, group: OutcomeGroup, idle_clock: Clock) -> None:
    outcomes = group.follow_as("a", idle=10)
    for i in range(3):
        publish(redis, first=i)
        assert next(outcomes).command_id == f"c{i}"
        idle_clock.now += 11


def test_a_redis_that_is_a_replica_for_a_while_is_waited_out(redis: Redis, group: OutcomeGroup) -> None:
    with ThreadPoolExecutor() as threads:
        reading = threads.submit(next, group.follow_as("a", idle=20))
        demote(redis, "xreadgroup")
        publish(redis)
        assert reading.result().command_id == "c0"


def test_an_acknowledgement_that_was_lost_is_repeated(redis: Redis, proxy: Proxy, proxied_url: str) -> None:
    publish(redis)
    broken = proxy.cut_on(b"XACK", "to_server", "before")
    assert ids(OutcomeGroup(proxied_url, "acme", "billing", start="start").follow_as("a", idle=0.05)) == ["c0"]
    assert broken.is_set()
    assert pending(redis) == 0


def test_what_was_trimmed_meanwhile_is_passed_over(redis: Redis, group: OutcomeGroup) -> None:
    publish(redis, 3)
    next(group.follow_as("a"))
    redis.xtrim(STREAM, maxlen=1, approximate=False)
    assert ids(group.follow_as("a", idle=0.05)) == ["c2"]
    assert pending(redis) == 0


def test_what_is_no_outcome_is_told_once(redis: Redis, group: OutcomeGroup) -> None:
    redis.xadd(STREAM, {"event": "no event"})
    publish(redis)
    with pytest.raises(MalformedOutcome):
        next(group.follow_as("a"))
    assert ids(group.follow_as("a", idle=0.05)) == ["c0"]


def test_a_consumer_ends_when_nothing_came_for_its_idle_time(redis: Redis, group: OutcomeGroup) -> None:
    began = time.monotonic()
    assert ids(group.follow_as("a", idle=0.1)) == []
    assert 0.1 <= time.monotonic() - began < 5  # as long as a read may block
