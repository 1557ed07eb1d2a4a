"""Calling: each call gets the outcome of its own command, or the caller is told its id."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Any

import hiredis
import pytest
from redis import Redis
from redis.connection import Connection

from spcm_client import Client, Command, OutcomeTimeout, follow
from spcm_client.replies import ReplyList
from tests.client.stand_in import StandIn, cut_off, demote, publish, waiting_in
from tests.polling import wait_for


def test_a_call_returns_the_outcome(client: Client, worker: StandIn) -> None:
    worker.answer = lambda command, _: {"status": 409, "reason": "subscriber-exists", "data": command["payload"]}
    outcome = client.call("subscriber.create", {"msisdn": "1"}, {"msisdn": "1"}, id="a", correlation_id="c")
    assert (outcome.status, outcome.reason, outcome.data) == (409, "subscriber-exists", {"msisdn": "1"})
    assert (outcome.command_id, outcome.correlation_id) == ("a", "c")


class Tenant(str, Enum):  # noqa: UP042 - a StrEnum is formatted as its value
    ACME = "acme"


def test_a_tenant_may_be_an_enum(redis: Redis, redis_url: str, worker: StandIn) -> None:
    """Whose own form as a text is another."""
    publish(redis, tenant="acme")
    assert [outcome.command_id for outcome in follow(redis_url, Tenant.ACME, "start", idle=0)] == ["c0"]
    with Client(redis_url, Tenant.ACME, "oms", "s3cret") as client:
        assert client.call("subscriber.get", {"msisdn": "1"}).tenant == "acme"
    assert worker.seen[0][1]["replyTo"].startswith("spcm:replies:acme:")


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


@pytest.fixture
def interrupt_after(_interruptible: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Ctrl-C comes once, right after what has this word in it was written, and before its answer was read."""
    written: Any = Connection.send_packed_command

    def arm(word: bytes) -> None:
        armed = True

        def interrupted(self: Connection, packed: Any, *more: Any, **named: Any) -> None:
            nonlocal armed
            written(self, packed, *more, **named)
            if armed and word in (packed if isinstance(packed, bytes) else b"".join(packed)):
                armed = False
                os.kill(os.getpid(), signal.SIGINT)

        monkeypatch.setattr(Connection, "send_packed_command", interrupted)

    return arm


@pytest.mark.parametrize("at", [b"XADD", b"BLPOP"])
@pytest.mark.parametrize("own", [False, True], ids=["url", "callers redis"])
def test_a_call_that_was_interrupted_leaves_no_answer_to_another(
    redis: Redis, redis_url: str, worker: StandIn, interrupt_after: Callable[[bytes], None], at: bytes, own: bool
) -> None:
    redis.set("spcm:partitions", 8)
    with Client(redis if own else redis_url, "acme", "oms", "s3cret") as client:
        client.call("subscriber.get", {"msisdn": "1"})
        interrupt_after(at)
        with pytest.raises(KeyboardInterrupt):
            client.call("subscriber.get", {"msisdn": "2"}, id="interrupted")
        # Else the answer is not there yet, to be taken for another.
        wait_for(lambda: "interrupted" in worker.times, within=10)
        for name in ("a", "b", "c"):
            assert client.call("subscriber.get", {"msisdn": "3"}, id=name).command_id == name
    if not own:
        assert set(worker.times.values()) == {1}  # no answer was lost to a connection


def test_a_connection_that_was_interrupted_as_it_began_leaves_no_answer_to_another(
    redis: Redis, redis_url: str, interrupt_after: Callable[[bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    redis.set("spcm:partitions", 8)
    interrupt_after(b"HELLO")
    monkeypatch.setattr(Connection, "can_read", lambda *_, **__: False)  # the answer is still on its way
    with Client(redis_url, "acme", "oms", "s3cret") as client:
        with pytest.raises(KeyboardInterrupt):
            client.submit("subscriber.get", {"msisdn": "1"})
        submitted = client.submit("subscriber.get", {"msisdn": "1"})
    assert redis.xrange(f"spcm:commands:{submitted.partition}", submitted.stream_id, submitted.stream_id)


def test_a_client_of_a_url_packs_no_number(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pack: Any = hiredis.pack_command
    packed: set[type] = set()

    def watched(words: Any) -> Any:
        packed.update(type(word) for word in words)
        return pack(words)

    monkeypatch.setattr(hiredis, "pack_command", watched)
    with Client(redis_url, "acme", "oms", "s3cret") as client:
        client.submit_many(Command("subscriber.get", {"msisdn": "1"}, id=name) for name in "ab")
    assert packed <= {str, bytes}
    assert packed


def test_hiredis_gets_no_number_to_write(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """It crashes where a signal handler raises while it writes one."""
    send: Any = Connection.send_command
    commands: dict[str, set[type]] = {}

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
        wait_for(lambda: len(waiting_in(redis, "blpop")) == 101 or any(call.done() for call in calls), within=10)
        with StandIn(redis_url):
            assert {call.result().status for call in calls} == {201}
