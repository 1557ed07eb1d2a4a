"""Sending commands: each is in its partition, once, or the sender is told its id."""

import errno
import json
import socket
import threading
from typing import Any

import pytest
from redis import Redis
from redis.connection import Connection

from spcm_client import Client, Command, InvalidCommand, SubmitFailed, partition_of, stream_of
from spcm_client.commands import basic_authorization
from tests.faults.proxy import Proxy
from tests.polling import wait_for


def sent(redis: Any, partition: int) -> list[dict[str, Any]]:
    return [json.loads(fields[b"command"]) for _, fields in redis.xrange(stream_of(partition))]


def test_a_command_is_in_the_stream_of_its_partition(redis: Any, client: Client) -> None:
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
    redis.set("spcm:partitions", "is not asked again: it never changes")
    assert client.submit("subscriber.get", {"msisdn": "0871234567"}).partition == 0


def test_who_is_given_a_url_closes_its_connections(redis: Redis, redis_url: str) -> None:
    def connected() -> int:
        return sum(each["name"] == "mine" for each in redis.client_list())

    with Client(f"{redis_url}?client_name=mine", "acme", "oms", "s3cret") as client:
        client.submit("subscriber.get", {"msisdn": "0871234567"})
        assert connected() == 1
    wait_for(lambda: not connected(), within=10)


def test_who_is_given_a_connection_leaves_it_open(redis: Redis) -> None:
    before = redis.client_id()
    with Client(redis, "acme", "oms", "s3cret") as client:
        client.submit("subscriber.get", {"msisdn": "0871234567"})
    assert redis.client_id() == before


def test_many_commands_keep_their_order_in_their_partition(redis: Redis, client: Client) -> None:
    commands = [Command("subscriber.get", {"msisdn": str(i % 20)}, id=str(i)) for i in range(1200)]
    submitted = client.submit_many(commands)
    assert [each.command_id for each in submitted] == [command.id for command in commands]
    for partition in range(8):
        ids = [command["id"] for command in sent(redis, partition)]
        assert ids == [each.command_id for each in submitted if each.partition == partition]


@pytest.mark.parametrize(("size", "count", "chunks"), [(1024, 1500, 3), (64 * 1024, 144, 9)])
def test_many_commands_go_500_at_a_time_or_1_mib(
    size: int, count: int, chunks: int, redis: Redis, client: Client
) -> None:
    rest = len(
        Command("subscriber.update", payload={"tag": ""}, id="x").to_json("acme", basic_authorization("oms", "s3cret"))
    )
    command = Command("subscriber.update", payload={"tag": "x" * (size - rest)}, id="x")
    redis.config_resetstat()
    client.submit_many([command] * count)
    assert redis.info("commandstats")["cmdstat_exec"]["calls"] == chunks


def test_of_commands_among_which_one_cannot_be_written_none_is_sent(redis: Redis, client: Client) -> None:
    with pytest.raises(InvalidCommand):
        client.submit_many([Command("subscriber.get"), Command("subscriber.get", {"msisdn": float("nan")})])
    assert redis.keys() == []


@pytest.mark.parametrize("tenant", ["", "Acme", "_unattributed", "acme\n", "a" * 65])
def test_a_tenant_that_cannot_be_is_refused_at_once(redis_url: str, tenant: str) -> None:
    """A worker would answer in the stream of no tenant, and on no reply list."""
    with pytest.raises(InvalidCommand, match="a tenant is"):
        Client(redis_url, tenant, "oms", "s3cret")


@pytest.mark.parametrize(("place", "words"), [(0, "a tenant is"), (1, "the user's name is"), (2, "the password is")])
def test_what_no_variable_has_set_is_refused_at_once(redis_url: str, place: int, words: str) -> None:
    given: list[Any] = ["acme", "oms", "s3cret"]
    given[place] = None  # as os.environ.get gives it
    with pytest.raises(InvalidCommand, match=words):
        Client(redis_url, *given)


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
    assert str(failure.value) == "Redis did not confirm a (ConnectionError); sending again with the same id is safe"


def test_a_connection_for_which_there_is_no_file_is_told_with_the_id(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(_: Connection) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Connection, "connect", connect)
    with pytest.raises(SubmitFailed) as failure:
        client.submit("subscriber.get", {"msisdn": "1"}, id="a")
    assert failure.value.command_ids == ("a",)
