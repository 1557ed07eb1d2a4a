"""The whole path under the access rules of examples/redis-acl, and what each role must not do."""

from collections.abc import Callable, Iterator

import pytest
import redis

from spcm_client import Client
from spcm_client.follow import follow
from tests.access import as_role, grant
from tests.faults.lab import Lab
from tests.faults.load import Load, Running, password_of


@pytest.fixture(scope="module")
def lab(make_lab: "Callable[..., Lab]") -> Lab:
    lab = make_lab()
    grant(lab.client, "acme")
    lab.start_worker(environment={"SPCM_REDIS_URL": as_role(lab.valkey.url, "worker")})
    return lab


@pytest.fixture
def publisher(lab: Lab) -> "Iterator[redis.Redis]":
    with redis.Redis.from_url(as_role(lab.valkey.url, "publisher")) as client:
        yield client


@pytest.fixture
def consumer(lab: Lab) -> "Iterator[redis.Redis]":
    with redis.Redis.from_url(as_role(lab.valkey.url, "consumer")) as client:
        yield client


def test_the_whole_path_works(lab: Lab, publisher: redis.Redis, consumer: redis.Redis) -> None:
    client = Client(publisher, "acme", "oms", password_of("acme"))
    subscriber = {"msisdn": "0870"}
    assert client.call("subscriber.create", {"msisdn": "0870"}, subscriber, id="acl-1", timeout=10).status == 201
    assert client.call("subscriber.delete", {"msisdn": "0870"}, id="acl-2", timeout=10).status == 200
    seen = {outcome.command_id for outcome in follow(consumer, "acme", "start", idle=0.5)}
    assert seen == {"acl-1", "acl-2"}
    log = (lab.folder / "worker.log").read_text()
    assert "NOPERM" not in log
    assert "NoPermission" not in log


def test_a_load_under_the_rules(lab: Lab) -> None:
    running = Running(as_role(lab.valkey.url, "publisher"), lab.ledger, Load(5, tenants=["bolt"]), 300)
    lab.moving(within=5)
    lab.client.delete("spcm:maintenance")
    running.stop()
    lab.settle()
    log = (lab.folder / "worker.log").read_text()
    assert "NoPermission" not in log
    assert "rror" not in log.replace("SecurityWarning", "").replace("_security_error", "")


@pytest.mark.parametrize(
    "words",
    [
        "XREAD STREAMS spcm:commands:0 0",
        "XRANGE spcm:commands:0 - +",
        "XDEL spcm:commands:0 1-0",
        "XTRIM spcm:commands:0 MAXLEN 0",
        "DEL spcm:commands:0",
        "XADD spcm:outcomes:acme * event {}",
        "XADD spcm:deadletters * event {}",
        "XREAD STREAMS spcm:outcomes:acme 0",
        "BLPOP spcm:replies:bolt:x 1",
        "SET spcm:partitions 1",
        "GET spcm:bell:0",
        "LPUSH spcm:bells x",
        "BLPOP spcm:bells 1",
        "SET spcm:bell:0 1",
        "KEYS *",
        "SCAN 0",
        "FLUSHALL",
        "CONFIG GET *",
        "EVAL return(1) 0",
        "CLIENT LIST",
    ],
)
def test_a_publisher_may_do_nothing_else(words: str, publisher: redis.Redis) -> None:
    with pytest.raises(redis.exceptions.NoPermissionError):
        publisher.execute_command(*words.split())


@pytest.mark.parametrize(
    "words",
    [
        "XREAD STREAMS spcm:outcomes:bolt 0",
        "XREAD STREAMS spcm:outcomes:_unattributed 0",
        "XREAD STREAMS spcm:commands:0 0",
        "XADD spcm:outcomes:acme * event {}",
        "XTRIM spcm:outcomes:acme MAXLEN 0",
        "XDEL spcm:outcomes:acme 1-0",
        "XADD spcm:commands:0 * command {}",
        "XRANGE spcm:deadletters - +",
        "GET spcm:partitions",
        "SCAN 0",
    ],
)
def test_a_consumer_may_do_nothing_else(words: str, consumer: redis.Redis) -> None:
    with pytest.raises(redis.exceptions.NoPermissionError):
        consumer.execute_command(*words.split())
