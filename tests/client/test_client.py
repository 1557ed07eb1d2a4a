import errno
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any

import pytest
from redis import Redis
from redis.connection import Connection

from spcm_client import Client, Command, InvalidCommand, OutcomeTimeout, SubmitFailed, follow, partition_of, stream_of
from spcm_client.replies import ReplyList
from tests.client.stand_in import StandIn, cut_off, demote, publish, wait_until, waiting_in
from tests.faults.proxy import Proxy


def sent(redis: Redis, partition: int) -> list[dict[str, Any]]:
    return [json.loads(fields[b"command"]) for _, fields in redis.xrange(stream_of(partition))]


def test_a_command_is_in_the_stream_of_its_partition(redis: Redis, client: Client) -> None:
    submitted = client.submit("subscriber.get", {"msisdn": "0871234567"}, id="a")
    assert submitted.partition == partition_of(Command("subscriber.get", {"msisdn": "0871234567"}), "acme", 8)
    assert submitted.stream_id == redis.xrange(stream_of(submitted.partition))[0][0].decode()
    (command,) = sent(redis, submitted.partition)
    assert (command["id"], command["tenant"], command["authorization"]) == ("a", "acme", "Basic b21zOnMzY3JldA==")


def test_an_empty_id_is_not_replaced_by_another(client: Client) -> None:
    assert client.submit("subscriber.get", {"msisdn": "087"}, id="").command_id == ""


def test_the_number_of_partitions_is_the_installations(redis: Redis, client: Client) -> None:
    assert client.partitions == 8  # no worker has started yet
    redis.set("spcm:partitions", 1)
    assert client.submit("subscriber.get", {"msisdn": "0871234567"}).partition == 0


def test_many_commands_keep_their_order_in_their_partition(redis: Redis, client: Client) -> None:
    commands = [Command("subscriber.get", {"msisdn": str(i % 20)}, id=str(i)) for i in range(1200)]
    submitted = client.submit_many(commands)
    assert [each.command_id for each in submitted] == [command.id for command in commands]
    for partition in range(8):
        ids = [command["id"] for command in sent(redis, partition)]
        assert ids == [each.command_id for each in submitted if each.partition == partition]


def test_of_commands_among_which_one_cannot_be_written_none_is_sent(redis: Redis, client: Client) -> None:
    with pytest.raises(InvalidCommand):
        client.submit_many([Command("subscriber.get"), Command("subscriber.get", {"msisdn": float("nan")})])
    assert redis.keys() == []


@pytest.mark.parametrize("tenant", ["", "Acme", "_unattributed", "acme\n", "a" * 65])
def test_a_tenant_that_cannot_be_is_refused_at_once(redis_url: str, tenant: str) -> None:
    """A worker would answer in the stream of no tenant, and on no reply list."""
    with pytest.raises(InvalidCommand, match="a tenant is"):
        Client(redis_url, tenant, "oms", "s3cret")


class Tenant(str, Enum):  # noqa: UP042 - a StrEnum is formatted as its value
    ACME = "acme"


def test_a_tenant_may_be_an_enum(redis: Redis, redis_url: str, worker: StandIn) -> None:
    """Whose own form as a text is another."""
    publish(redis, tenant="acme")
    assert [outcome.command_id for outcome in follow(redis_url, Tenant.ACME, "start", idle=0)] == ["c0"]
    with Client(redis_url, Tenant.ACME, "oms", "s3cret") as client:
        assert client.call("subscriber.get", {"msisdn": "1"}).tenant == "acme"
    assert worker.seen[0][1]["replyTo"].startswith("spcm:replies:acme:")


def test_a_full_redis_takes_all_of_the_commands_or_none(redis: Redis, client: Client) -> None:
    redis.config_set("maxmemory", 1)
    try:
        with pytest.raises(SubmitFailed) as failure:
            client.submit_many([Command("subscriber.get", id="a"), Command("subscriber.get", id="b")])
    finally:
        redis.config_set("maxmemory", 0)
    assert failure.value.command_ids == ("a", "b")
    assert redis.keys("spcm:commands:*") == []


def test_a_command_whose_connection_breaks_is_sent_again(redis: Redis, proxy: Proxy, proxied_url: str) -> None:
    with Client(proxied_url, "acme", "oms", "s3cret") as client:
        partition = client.submit("subscriber.get", {"msisdn": "1"}, id="a").partition
        broken = proxy.cut_on(b"XADD", "to_server", "before")
        client.submit("subscriber.get", {"msisdn": "1"}, id="b")
    assert broken.is_set()
    assert [command["id"] for command in sent(redis, partition)] == ["a", "b"]


@pytest.mark.parametrize(("count", "size"), [(500, 1), (20, 50_000)], ids=["many", "large"])
def test_of_the_chunk_on_which_the_connection_breaks_nothing_is_sent_and_all_is_told(
    redis: Redis, proxy: Proxy, proxied_url: str, count: int, size: int
) -> None:
    payload = {"msisdn": "1", "zone": "x" * size}
    commands = [Command("subscriber.create", {"msisdn": "1"}, payload, id=f"c{i}") for i in range(2 * count)]
    with Redis.from_url(proxied_url) as connection:
        client = Client(connection, "acme", "oms", "s3cret")
        proxy.cut_on(f'"c{2 * count - 1}"'.encode(), "to_server", "before")
        with pytest.raises(SubmitFailed) as failure:
            client.submit_many(commands)
    first = int(failure.value.command_ids[0].removeprefix("c"))
    assert 0 < first < 2 * count - 1
    assert failure.value.command_ids == tuple(f"c{i}" for i in range(first, 2 * count))
    assert [command["id"] for command in sent(redis, partition_of(commands[0], "acme", 8))] == [
        f"c{i}" for i in range(first)
    ]


def test_a_redis_that_says_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spcm_client.connections._SOCKET_TIMEOUT", 0.1)
    failures = []

    def submit(port: int) -> None:
        try:
            Client(f"redis://127.0.0.1:{port}", "acme", "oms", "s3cret").submit("subscriber.get")
        except SubmitFailed as failure:
            failures.append(failure)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        submitting = threading.Thread(target=submit, args=silent.getsockname()[1:], daemon=True)
        submitting.start()
        submitting.join(60)
        assert failures


def test_a_redis_that_is_away_is_told_with_the_id_to_send_again() -> None:
    with (
        Redis.from_url("redis://127.0.0.1:1", socket_timeout=0.1) as nowhere,
        pytest.raises(SubmitFailed) as failure,
    ):
        Client(nowhere, "acme", "oms", "s3cret").submit("subscriber.get", id="a")
    assert failure.value.command_ids == ("a",)
    assert "s3cret" not in str(failure.value)


def test_a_connection_for_which_there_is_no_file_is_told_with_the_id(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(_: Connection) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Connection, "connect", connect)
    with pytest.raises(SubmitFailed) as failure:
        client.submit("subscriber.get", {"msisdn": "1"}, id="a")
    assert failure.value.command_ids == ("a",)


def test_a_call_returns_the_outcome(client: Client, worker: StandIn) -> None:
    worker.answer = lambda command, _: {"status": 409, "reason": "subscriber-exists", "data": command["payload"]}
    outcome = client.call("subscriber.create", {"msisdn": "1"}, {"msisdn": "1"}, id="a", correlation_id="c")
    assert (outcome.status, outcome.reason, outcome.data) == (409, "subscriber-exists", {"msisdn": "1"})
    assert (outcome.command_id, outcome.correlation_id) == ("a", "c")


def test_calls_of_many_threads_get_each_its_own_outcome(client: Client, worker: StandIn) -> None:
    got: dict[str, str | None] = {}

    def call(name: str) -> None:
        got[name] = client.call("subscriber.get", {"msisdn": name}, id=name).command_id

    threads = [threading.Thread(target=call, args=(str(i),)) for i in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {str(i): str(i) for i in range(20)}


@pytest.mark.parametrize("settings", [{}, {"decode_responses": True}, {"protocol": 2}, {"socket_timeout": 0.4}])
def test_a_call_works_over_a_connection_of_the_callers(
    redis_url: str, worker: StandIn, settings: dict[str, Any]
) -> None:
    worker.answer = lambda _, times: {"status": 200} if times == 1 else None
    with Redis.from_url(redis_url, **settings) as connection:
        assert Client(connection, "acme", "oms", "s3cret").call("planDefinition.search").ok


def test_a_call_without_an_outcome_in_time_tells_the_id_to_send_again(client: Client) -> None:
    with pytest.raises(OutcomeTimeout, match=r"may still be executed.*same id is safe") as failure:
        client.call("planDefinition.search", id="a", timeout=0.05)
    assert failure.value.command_id == "a"


def test_a_call_waits_longer_than_one_blocking_read_can(redis_url: str, worker: StandIn) -> None:
    with Redis.from_url(redis_url, socket_timeout=0.4) as connection:
        client = Client(connection, "acme", "oms", "s3cret")
        worker.answer = lambda *_: None
        with pytest.raises(OutcomeTimeout):
            client.call("planDefinition.search", id="a", timeout=0.7)
    assert worker.times["a"] == 1  # an answer that does not come is no lost connection


def test_calls_one_after_another_share_a_connection(client: Client, worker: StandIn, redis: Redis) -> None:
    client.call("planDefinition.search")
    before = len(redis.client_list())
    for _ in range(5):
        client.call("planDefinition.search")
    assert len(redis.client_list()) == before


def test_who_does_not_wait_is_not_kept_waiting(redis: Redis) -> None:
    """Redis takes 0 for "for ever", and nothing below it."""
    replies = ReplyList(redis, "acme")
    assert [replies.take(seconds) for seconds in (0, -1)] == [None, None]


def test_a_call_whose_connection_breaks_asks_again_with_the_same_id(
    client: Client, worker: StandIn, redis: Redis
) -> None:
    def answer(_: Any, times: int) -> dict[str, Any] | None:
        if times == 1:
            cut_off(redis, "blpop")
            return None
        return {"status": 200, "replayed": True}

    worker.answer = answer
    outcome = client.call("planDefinition.search", id="a")
    assert outcome.replayed
    assert worker.times["a"] == 2


def test_a_call_waits_out_a_redis_that_is_a_replica_for_a_while(client: Client, worker: StandIn, redis: Redis) -> None:
    def answer(_: Any, times: int) -> dict[str, Any] | None:
        if times == 1:
            demote(redis, "blpop")
            return None
        return {"status": 200}

    worker.answer = answer
    assert client.call("planDefinition.search", id="a").status == 200


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Also where SIGINT is ignored, as in what a script runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
@pytest.mark.parametrize("at", [b"XADD", b"BLPOP"])
@pytest.mark.parametrize("own", [False, True], ids=["url", "callers redis"])
def test_a_call_that_was_interrupted_leaves_no_answer_to_another(
    redis: Redis, redis_url: str, worker: StandIn, monkeypatch: pytest.MonkeyPatch, at: bytes, own: bool
) -> None:
    written, armed = Connection.send_packed_command, True

    def interrupted(self: Connection, packed: Any, *more: Any, **named: Any) -> None:
        nonlocal armed
        written(self, packed, *more, **named)
        if armed and at in (packed if isinstance(packed, bytes) else b"".join(packed)):
            armed = False
            os.kill(os.getpid(), signal.SIGINT)

    redis.set("spcm:partitions", 8)
    with Client(redis if own else redis_url, "acme", "oms", "s3cret") as client:
        client.call("subscriber.get", {"msisdn": "1"})
        monkeypatch.setattr(Connection, "send_packed_command", interrupted)
        with pytest.raises(KeyboardInterrupt):
            client.call("subscriber.get", {"msisdn": "2"}, id="interrupted")
        wait_until(lambda: "interrupted" in worker.times)  # else the answer is not there yet, to be taken for another
        for name in ("a", "b", "c"):
            assert client.call("subscriber.get", {"msisdn": "3"}, id=name).command_id == name
    if not own:
        assert set(worker.times.values()) == {1}  # no answer was lost to a connection


def test_hiredis_gets_no_number_to_write(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """It crashes where a signal handler raises while it writes one."""
    send, commands = Connection.send_command, {}

    def watched(self: Connection, *command: Any, **named: Any) -> None:
        commands[command[0]] = {type(word) for word in command}
        send(self, *command, **named)

    monkeypatch.setattr(Connection, "send_command", watched)
    with pytest.raises(OutcomeTimeout):
        client.call("subscriber.get", {"msisdn": "1"}, timeout=0.1)
    assert list(follow(client.redis, "acme", idle=0.01)) == []
    assert commands["BLPOP"] | commands["XREAD"] == {str}


def test_more_threads_can_wait_than_redis_py_has_connections_by_itself(
    client: Client, redis: Redis, redis_url: str
) -> None:
    with ThreadPoolExecutor(101) as threads:
        calls = [threads.submit(client.call, "subscriber.get", {"msisdn": "1"}) for _ in range(101)]
        wait_until(lambda: len(waiting_in(redis, "blpop")) == 101 or any(call.done() for call in calls))
        with StandIn(redis_url):
            assert {call.result().status for call in calls} == {201}
