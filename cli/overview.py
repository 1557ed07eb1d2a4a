"""How an installation does at this moment, as Redis and the database tell it."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import redis
from redis import RedisError, ResponseError

from adapters.keys import DEAD_LETTERS, OUTCOMES, WORKER, added_at, command_stream, take_record
from adapters.redis_client import outcome_streams
from adapters.redis_failures import is_of_another_type

SILENT = 5
"""Seconds; a worker that is well asks several times a second."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One command stream: `oldest_age` is that of its first command in seconds, `tries` how often that was begun.

    `backlog` is None where what is in its place is no stream. `taken`: its first commands were taken and are not
    finished. `holder`: the session whose transaction decides them.
    """

    number: int
    backlog: int | None
    oldest_age: float | None
    taken: bool
    tries: int
    holder: str | None


@dataclass(frozen=True, slots=True)
class Overview:
    """`outcomes` are those kept, by tenant; `workers` is None where Redis does not let us see its connections.

    Where there is `database_trouble`, no partition has a holder.
    """

    partitions: list[Partition]
    outcomes: dict[str, int]
    dead_letters: int
    workers: list[str] | None
    database_trouble: str | None


def overview(client: redis.Redis, count: int, holders: dict[int, str], database_trouble: str | None) -> Overview:
    """Asked of Redis now; holders and trouble are the database's. Raises redis-py's errors."""
    return Overview(
        partitions=_partitions(client, count, holders),
        outcomes=_outcomes(client),
        dead_letters=dead_letter_count(client),
        workers=None if (there := workers(client)) is None else [str(each) for each in there],
        database_trouble=database_trouble,
    )


def _partitions(client: redis.Redis, count: int, holders: dict[int, str]) -> list[Partition]:
    seconds, microseconds = client.time()
    now = seconds + microseconds / 1_000_000
    with client.pipeline(transaction=False) as pipeline:
        for number in range(count):
            pipeline.xlen(command_stream(number))
            pipeline.xrange(command_stream(number), count=1)
            pipeline.hmget(take_record(number), "first", "tries")
        told: list[Any] = pipeline.execute(raise_on_error=False)
    partitions = []
    for number in range(count):
        backlog, oldest, taken = map(_answered, told[3 * number : 3 * number + 3])
        first, tries = taken or (None, None)
        age = max(0.0, now - added_at(oldest[0][0])) if oldest else None
        partitions.append(Partition(number, backlog, age, first is not None, int(tries or 0), holders.get(number)))
    return partitions


def _outcomes(client: redis.Redis) -> dict[str, int]:
    streams = sorted(outcome_streams(client))
    with client.pipeline(transaction=False) as pipeline:
        for stream in streams:
            pipeline.xlen(stream)
        lengths: list[Any] = pipeline.execute()
    names = [stream.decode(errors="replace").removeprefix(OUTCOMES) for stream in streams]
    return dict(zip(names, lengths, strict=True))


def dead_letter_count(client: redis.Redis) -> int:
    letters: int = client.xlen(DEAD_LETTERS) if client.type(DEAD_LETTERS) == b"stream" else 0
    return letters


def _answered(answer: Any) -> Any:
    """What Redis told; None where what is at the key is of another type. Raises what else it answered."""
    if is_of_another_type(answer):
        return None
    if isinstance(answer, RedisError):
        raise answer
    return answer


class Worker(NamedTuple):
    """A worker as Redis sees it: host and process id, and for how many seconds its bell's connection was idle."""

    name: str
    idle: int

    @property
    def silent(self) -> bool:
        """Whether it is stopped, or cut off."""
        return self.idle >= SILENT

    def __str__(self) -> str:
        return f"{self.name} (silent for {self.idle} s)" if self.silent else self.name


def workers(client: redis.Redis) -> list[Worker] | None:
    """By the names of the connections through which they watch the streams; None where Redis does not tell."""
    try:
        connections: Any = client.client_list()
    except ResponseError:  # not allowed
        return None
    idle = {each["name"]: int(each["idle"]) for each in connections if each.get("name", "").startswith(WORKER)}
    return sorted(Worker(name.removeprefix(WORKER), seconds) for name, seconds in idle.items())
