"""A few lines that play the worker: they take commands from a real Redis and tell outcomes as the contract says."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Self

from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.polling import wait_for

Answer = dict[str, Any]


def event(command: dict[str, Any], entry_id: str, answer: Answer) -> bytes:
    """An outcome event; `answer` has the attributes that matter to the test."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"0-{entry_id}",
            "source": f"/spcm/{command['tenant']}",
            "type": f"spcm.{command['operation']}.completed",
            "time": "2026-11-21T16:00:00.123Z",
            "datacontenttype": "application/json",
            "tenant": command["tenant"],
            "operation": command["operation"],
            "commandid": command["id"],
            "correlationid": command.get("correlationId", command["id"]),
            **answer,
        }
    ).encode()


def publish(redis: Any, count: int = 1, tenant: str = "acme", first: int = 0, data: Any = None) -> list[str]:
    """Outcomes of commands `c0`, `c1`, ... in the outcome stream."""
    command = {"tenant": tenant, "operation": "subscriber.get"}
    return [
        redis.xadd(
            f"spcm:outcomes:{tenant}",
            {"event": event({**command, "id": f"c{i}"}, str(i), {"status": 200, "data": data})},
        ).decode()
        for i in range(first, first + count)
    ]


def waiting_in(redis: Redis, command: str) -> list[str]:
    """The connections that wait in this blocking command."""
    clients: list[dict[str, str]] = redis.client_list()
    return [each["id"] for each in clients if each["cmd"] == command and "b" in each["flags"]]


def cut_off(redis: Redis, command: str) -> None:
    """Close the connections that wait in this blocking command, as soon as there are any."""
    wait_for(lambda: waiting_in(redis, command), within=10)
    for client_id in waiting_in(redis, command):
        redis.client_kill_filter(_id=client_id)


def demote(redis: Redis, command: str) -> None:
    """Make a replica of it, and a master again, as soon as somebody waits in this blocking command."""
    wait_for(lambda: waiting_in(redis, command), within=10)
    try:
        redis.replicaof("127.0.0.1", 1)  # before it answers, it has thrown out who waits
    finally:
        redis.replicaof("NO", "ONE")


class StandIn:
    """Answers each command, in a thread. `answer` may be replaced: it gets a command and how often it has come."""

    def __init__(self, redis_url: str) -> None:
        self._redis: Any = Redis.from_url(redis_url, retry=Retry(ConstantBackoff(0.05), 100))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.seen: list[tuple[int, dict[str, Any]]] = []
        self.times: dict[str, int] = defaultdict(int)
        self.answer: Callable[[dict[str, Any], int], Answer | None] = lambda command, times: {"status": 201}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._redis.close()

    def _run(self) -> None:
        streams = {f"spcm:commands:{p}": "0-0" for p in range(8)}
        while not self._ended.is_set():
            for stream, entries in self._redis.xread(streams, count=10, block=50):
                for entry_id, fields in entries:
                    streams[stream.decode()] = entry_id
                    self._execute(int(stream.decode().rsplit(":")[-1]), entry_id, json.loads(fields[b"command"]))

    def _execute(self, partition: int, entry_id: bytes, command: dict[str, Any]) -> None:
        self.seen.append((partition, command))
        self.times[command["id"]] += 1
        answer = self.answer(command, self.times[command["id"]])
        if answer is not None and "replyTo" in command:
            self._redis.rpush(command["replyTo"], event(command, entry_id.decode(), answer))


def bulk_answer(command: dict[str, Any]) -> Answer:
    """All items of a bulk done; the answer of each tells its own params."""
    items = command["payload"]["items"]
    told = [{"index": i, "id": item["id"], "status": 201, "data": item.get("params")} for i, item in enumerate(items)]
    return {"status": 200, "data": {"succeeded": len(items), "failed": 0, "notExecuted": 0, "items": told}}
