"""The whole path under the access rules of examples/redis-acl, and what each role must not do."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from adapters.keys import outcome_stream
from adapters.lifeline import Lifeline
from adapters.ports import free_port
from adapters.valkey import valkey_binary
from spcm_client import BulkItem, Client, Command, import_items
from spcm_client.follow import follow
from spcm_client.groups import OutcomeGroup
from tests.access import RULES, as_role, grant
from tests.cli.program import Program
from tests.faults.lab import Lab
from tests.faults.load import Load, Running, password_of
from tests.polling import wait_for

LIST = json.dumps({"operation": "provisionProfile.list", "tenant": "acme"})


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
    assert seen >= {"acl-1", "acl-2"}
    log = (lab.folder / "worker.log").read_text()
    assert "NOPERM" not in log
    assert "NoPermission" not in log


def test_a_publisher_may_send_many_at_once_and_import(publisher: redis.Redis) -> None:
    client = Client(publisher, "acme", "oms", password_of("acme"))
    client.submit_many(Command("subscriber.get", {"msisdn": str(number)}) for number in range(20))
    items = [BulkItem("subscriber.create", {"msisdn": f"08{n}"}, {"msisdn": f"08{n}"}) for n in range(600)]
    results = list(import_items(client, items, run="access"))
    assert {result.status for result in results} == {201}


def test_a_consumer_may_follow_as_a_group(publisher: redis.Redis, consumer: redis.Redis) -> None:
    Client(publisher, "acme", "oms", password_of("acme")).call("subscriber.get", {"msisdn": "0"}, timeout=10)
    group = OutcomeGroup(consumer, "acme", "billing", start="start")
    told = [outcome.id for outcome in group.follow_as("one", claim_after=0.1, idle=0.5)]
    assert told
    assert list(group.follow_as("two", claim_after=0.1, idle=0.3)) == []


def test_an_operator_may_do_what_spcm_does(lab: Lab, tmp_path: Path) -> None:
    program = Program(
        SPCM_REDIS_URL=as_role(lab.valkey.url, "operator"),
        SPCM_DATABASE_URL=lab.database,
        SPCM_DATA=str(tmp_path),
        PW=password_of("acme"),
    )
    lab.client.xadd("spcm:deadletters", {"command": LIST, "event": "{}", "error": "x", "tries": "1"})
    lab.client.xadd("spcm:deadletters", {"command": "", "event": "{}", "error": "x", "tries": "1"})
    letters: Any = lab.client.xrange("spcm:deadletters")
    me = ["--user", "oms", "--password-env", "PW"]
    (tmp_path / "file.csv").write_text("msisdn\n0771\n")
    for words, stdin in (
        (["submit", *me], LIST),
        (["import", "--tenant", "acme", *me, str(tmp_path / "file.csv")], ""),
        (["status"], ""),
        (["deadletters", "list"], ""),
        (["deadletters", "resend", *me, letters[0][0].decode()], ""),
        (["deadletters", "discard", "--all"], ""),
        (["republish", "--tenant", "acme", "--since", "1h"], ""),
    ):
        ended = program.run(*words, stdin=stdin)
        assert ended.status == 0, (words, ended.err)
        assert "Traceback" not in ended.err
    assert "does not tell" not in program.run("doctor").out
    with redis.Redis.from_url(as_role(lab.valkey.url, "operator")) as client:
        client.xinfo_groups(outcome_stream("acme"))


def test_redis_reads_the_file_as_it_is(tmp_path: Path) -> None:
    port = free_port()
    lifeline = Lifeline()
    options = [
        "--bind",
        "127.0.0.1",
        "--port",
        str(port),
        "--aclfile",
        str(RULES),
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    server = lifeline.start([str(valkey_binary()), *options], stdout=subprocess.DEVNULL)
    try:
        with redis.Redis.from_url(as_role(f"redis://127.0.0.1:{port}/0", "publisher")) as client:
            wait_for(lambda: answers(client), within=10)
        with redis.Redis(port=port) as stranger, pytest.raises(redis.exceptions.AuthenticationError):
            stranger.ping()
    finally:
        server.terminate()
        server.wait()
        lifeline.close()


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.exceptions.ConnectionError as error:
        if isinstance(error, redis.exceptions.AuthenticationError):
            raise
        return False


def test_a_load_under_the_rules(lab: Lab) -> None:
    running = Running(as_role(lab.valkey.url, "publisher"), lab.ledger, Load(5, tenants=["bolt"]), 300)
    lab.moving()
    lab.client.delete("spcm:maintenance")
    running.stop()
    lab.settle()
    log = (lab.folder / "worker.log").read_text()
    assert "NoPermission" not in log
    assert "rror" not in log.replace("SecurityWarning", "").replace("_security_error", "")


def test_what_xadd_still_lets_a_publisher_do(lab: Lab, publisher: redis.Redis) -> None:
    """As docs/security.md tells it: trim a command stream, choose an id, and make streams that nobody reads."""
    assert publisher.xadd("spcm:commands:none", {"command": "{}"}, maxlen=1)
    assert publisher.xadd("spcm:commands:none", {"command": "{}"}, id="9999999999999-0")
    lab.client.delete("spcm:commands:none")


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
def test_a_publisher_may_do_nothing_else(words: str, publisher: Any) -> None:
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
def test_a_consumer_may_do_nothing_else(words: str, consumer: Any) -> None:
    with pytest.raises(redis.exceptions.NoPermissionError):
        consumer.execute_command(*words.split())
