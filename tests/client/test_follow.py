import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from spcm_client import MalformedOutcome, OutcomeGroup, follow
from tests.client.clock import Clock
from tests.client.stand_in import demote, publish


def ids(outcomes: Any) -> list[str]:
    return [outcome.command_id for outcome in outcomes]


def test_outcomes_are_read_from_the_oldest_that_is_kept(redis: Redis, redis_url: str) -> None:
    publish(redis, 250)
    assert ids(follow(redis_url, "acme", "start", idle=0.05)) == [f"c{i}" for i in range(250)]


def test_without_any_patience_all_that_is_kept_is_read(redis: Redis, redis_url: str) -> None:
    publish(redis, 250)
    assert ids(follow(redis_url, "acme", "start", idle=0)) == [f"c{i}" for i in range(250)]


def test_now_is_the_moment_of_the_call(redis: Redis) -> None:
    publish(redis)
    outcomes = follow(redis, "acme")
    publish(redis, 2, first=1)
    assert ids(itertools.islice(outcomes, 2)) == ["c1", "c2"]


def test_now_of_a_tenant_without_outcomes_sees_the_first_one(redis: Redis) -> None:
    outcomes = follow(redis, "acme")
    publish(redis)
    assert ids(itertools.islice(outcomes, 1)) == ["c0"]


def test_a_reader_goes_on_after_the_outcome_it_saw_last(redis: Redis) -> None:
    publish(redis, 3)
    seen = next(follow(redis, "acme", "start"))
    assert seen.stream_id is not None
    assert ids(follow(redis, "acme", seen.stream_id, idle=0.05)) == ["c1", "c2"]


def test_a_redis_that_is_not_there_is_redis_pys_own_error() -> None:
    dead = Redis(port=1, retry=Retry(NoBackoff(), 0))
    with pytest.raises(RedisConnectionError):
        follow(dead, "acme")
    with pytest.raises(RedisConnectionError):
        OutcomeGroup(dead, "acme", "billing")


def test_another_tenants_outcomes_are_not_told(redis: Redis) -> None:
    publish(redis, tenant="other")
    assert ids(follow(redis, "acme", "start", idle=0.05)) == []


@pytest.mark.parametrize("settings", [{"decode_responses": True}, {"protocol": 2}])
def test_a_reader_may_bring_a_connection_of_its_own(redis: Redis, redis_url: str, settings: dict[str, Any]) -> None:
    publish(redis, 2)
    with Redis.from_url(redis_url, **settings) as connection:
        assert ids(follow(connection, "acme", "start", idle=0.05)) == ["c0", "c1"]


def test_a_lost_connection_is_waited_out(redis: Redis, redis_url: str) -> None:
    outcomes = follow(redis_url, "acme", "start")
    for i in range(3):
        publish(redis, first=i)
        assert ids(itertools.islice(outcomes, 1)) == [f"c{i}"]
        redis.client_kill_filter(_type="normal", skipme=True)


def test_the_idle_time_begins_anew_with_each_outcome(redis: Redis, idle_clock: Clock) -> None:
    outcomes = follow(redis, "acme", "start", idle=10)
    for i in range(3):
        publish(redis, first=i)
        assert next(outcomes).command_id == f"c{i}"
        idle_clock.now += 11


def test_a_redis_that_is_a_replica_for_a_while_is_waited_out(redis: Redis, redis_url: str) -> None:
    with ThreadPoolExecutor() as threads:
        reading = threads.submit(next, follow(redis_url, "acme", idle=20))
        demote(redis, "xread")
        publish(redis)
        assert reading.result().command_id == "c0"


def test_large_outcomes_are_read_few_at_a_time(redis: Redis, redis_url: str) -> None:
    """What is on its way is in Redis' memory a second time."""
    publish(redis, 40, data="x" * 1024 * 1024)
    redis.config_set("client-output-buffer-limit", "normal 16mb 0 0")
    try:
        assert ids(follow(redis_url, "acme", "start", idle=0)) == [f"c{i}" for i in range(40)]
    finally:
        redis.config_set("client-output-buffer-limit", "normal 0 0 0")


def test_a_reader_that_is_shut_out_is_told_and_does_not_wait(redis: Redis, redis_url: str) -> None:
    redis.acl_setuser("reader", enabled=True, passwords=["+pw"], keys=["*"], categories=["+@all"])
    try:
        outcomes = follow(re.sub("//.*@", "//reader:pw@", redis_url), "acme", "start", idle=10)
        publish(redis)
        next(outcomes)
    finally:
        redis.acl_deluser("reader")  # which ends its connections
    with pytest.raises(AuthenticationError):
        next(outcomes)


def test_what_is_no_outcome_is_told_with_the_place_to_go_on(redis: Redis) -> None:
    redis.xadd("spcm:outcomes:acme", {"event": "no event"})
    publish(redis)
    with pytest.raises(MalformedOutcome) as failure:
        next(follow(redis, "acme", "start"))
    assert ids(follow(redis, "acme", str(failure.value.stream_id), idle=0.05)) == ["c0"]


@pytest.mark.parametrize("start", ["yesterday", str(2**64), f"1-{2**64}"])
def test_a_place_that_is_none_is_an_error_and_not_waited_for(redis: Redis, start: str) -> None:
    with pytest.raises(ValueError, match='"now", "start" or a stream_id'):
        follow(redis, "acme", start)
