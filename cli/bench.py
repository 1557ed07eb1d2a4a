"""`spcm bench`: measures an installation as it runs, in a tenant of its own that is gone afterwards."""

import json
import math
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

import typer
from redis import RedisError

from adapters.keys import outcome_stream
from adapters.redis_client import connect
from adapters.settings import Settings
from adapters.tenants import NoSuchTenant, add_tenant, remove_tenant
from adapters.users import add_user
from cli.database import database, engine_of, require_schema
from cli.installation import choose_settings, number_of_partitions
from cli.options import AsJson, DataFolder
from cli.problems import FAILED, Problem
from cli.stopping import stopping_in_order, undisturbed
from cli.terminal import print_json, print_line
from domain.permissions import Permission
from spcm_client import Command, partition_of, stream_of
from spcm_client.commands import basic_authorization
from spcm_client.connections import answers_kept_apart

UNDER_WAY = 20_000
"""Commands sent ahead of their outcomes, at most: far from what an installation refuses as a backlog."""

AT_ONCE = 500
SILENCE = 30.0
"""Seconds without any outcome after which nobody seems to work."""

SHORT_SILENCE = 8.0
"""The same, where somebody waits for the end: much more than a batch takes."""


class Benched(StrEnum):
    """Operations that can be measured."""

    CREATE = "subscriber.create"
    GET = "subscriber.get"
    UPDATE = "subscriber.update"
    DELETE = "subscriber.delete"


Commands = Annotated[int, typer.Option("--commands", min=1, max=200_000, help="How many are sent without waiting.")]
Singles = Annotated[int, typer.Option("--singles", min=1, help="How many are sent one at a time.")]
Chosen = Annotated[Benched, typer.Option("--operation", help="What the commands ask for.")]


def bench(
    commands: Commands = 10_000,
    singles: Singles = 100,
    operation: Chosen = Benched.CREATE,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Measure this installation: commands a second, and how long a single one takes.

    It uses a tenant of its own, with a random name, and removes it afterwards with all that it wrote. Other work
    that goes on meanwhile is slowed down, and so is what is measured. Exit status 1 where an outcome is 400 or above.
    """
    with stopping_in_order():
        with _bench(choose_settings(data)) as sender:
            found = _measure(sender, operation, commands, singles)
            _tell(found, as_json=as_json)
        raise typer.Exit(FAILED if any(status >= 400 for status in sender.statuses) else 0)
    raise typer.Abort


def _measure(sender: "_Sender", operation: Benched, commands: int, singles: int) -> dict[str, Any]:
    if operation is not Benched.CREATE:
        sender.all_at_once(Benched.CREATE, range(commands + singles))
    rate = sender.all_at_once(operation, range(commands))
    took = sorted(sender.one_at_a_time(operation, range(commands, commands + singles)))
    return {
        "operation": operation.value,
        "commands": commands,
        "commandsPerSecond": round(rate),
        "singles": singles,
        "milliseconds": {f"p{percent}": round(1000 * percentile(took, percent), 1) for percent in (50, 90, 99)},
        "statuses": {str(status): count for status, count in sorted(sender.statuses.items())},
    }


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    milliseconds = ", ".join(f"{name} {value} ms" for name, value in found["milliseconds"].items())
    statuses = ", ".join(f"{status} {count:,} times" for status, count in found["statuses"].items())
    print_line(
        f"{found['operation']}: {found['commandsPerSecond']:,} commands a second, {found['commands']:,} sent at once"
    )
    print_line(f"from XADD to outcome, {found['singles']:,} sent one at a time: {milliseconds}")
    print_line(f"outcomes: {statuses}")


@dataclass
class _Sender:
    """Sends the bench's commands, and reads their outcomes as they come."""

    redis: Any  # redis-py types each reply as any of all replies
    tenant: str
    authorization: str
    partitions: int
    statuses: Counter[int] = field(default_factory=Counter)
    _sent: int = 0
    _seen: bytes = b"0-0"

    def all_at_once(self, operation: Benched, numbers: Sequence[int]) -> float:
        """Commands a second, from the first that is sent to the last outcome. Raises Problem."""
        begun, done = time.monotonic(), 0
        for start in range(0, len(numbers), AT_ONCE):
            with self.redis.pipeline(transaction=False) as pipeline:
                for number in numbers[start : start + AT_ONCE]:
                    pipeline.xadd(*self._entry(operation, number))
                self._sent += len(pipeline)
                pipeline.execute()
            while start + AT_ONCE - done > UNDER_WAY:
                done += self._read()
        while done < len(numbers):
            done += self._read()
        return done / (time.monotonic() - begun)

    def one_at_a_time(self, operation: Benched, numbers: Sequence[int]) -> Iterator[float]:
        """Seconds that each took. Raises Problem."""
        for number in numbers:
            stream, entry = self._entry(operation, number)
            begun = time.perf_counter()
            self._sent += 1
            self.redis.xadd(stream, entry)
            self._read()
            yield time.perf_counter() - begun
            time.sleep(0.02)  # else the worker would still be at it, and find the next command without being called

    def settle(self) -> None:
        """Wait for what is under way, where anybody is at it: without its tenant it would be told as nobody's."""
        with suppress(Problem):
            while self.statuses.total() < self._sent:
                self._read(within=SHORT_SILENCE)

    def _entry(self, operation: Benched, number: int) -> tuple[str, dict[str, bytes]]:
        msisdn = f"0{number:09d}"
        payload = {
            Benched.CREATE: {"msisdn": msisdn, "imsi": f"999{number:012d}", "status": "active", "locale": "en"},
            Benched.UPDATE: {"status": "barred"},
        }.get(operation)
        command = Command(operation, {"msisdn": msisdn}, payload, id=f"{operation}/{number}")
        stream = stream_of(partition_of(command, self.tenant, self.partitions))
        return stream, {"command": command.to_json(self.tenant, self.authorization)}

    def _read(self, within: float = SILENCE) -> int:
        """How many outcomes there are since the last time; waits for the first. Raises Problem."""
        stream = outcome_stream(self.tenant)
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for _, entries in self.redis.xread({stream: self._seen}, count=1000, block=1000):
                self._seen = entries[-1][0]
                self.statuses.update(json.loads(fields[b"event"])["status"] for _, fields in entries)
                return len(entries)
        raise Problem(f"no outcome came within {within:g} s: is a worker running? `spcm doctor` looks")


@contextmanager
def _bench(chosen: Settings) -> Iterator[_Sender]:
    """A tenant with a user of a random password, while it is measured. Raises Problem."""
    tenant, password = f"bench-{secrets.token_hex(6)}", secrets.token_urlsafe(16)
    require_schema(chosen)
    with connect(chosen.redis) as client:
        partitions = number_of_partitions(client)
        sender = _Sender(client, tenant, basic_authorization("bench", password), partitions)
        try:
            with database(chosen) as connection:
                add_tenant(connection, tenant)
                add_user(connection, tenant, "bench", password, Permission)
            with answers_kept_apart(client):
                yield sender
        finally:
            # Commands that are still there, after an interruption without a worker, are answered 401 from now on.
            with undisturbed():
                with suppress(RedisError):
                    sender.settle()
                with engine_of(chosen) as engine, suppress(NoSuchTenant):
                    remove_tenant(engine, tenant)
                client.delete(outcome_stream(tenant))


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that at least so many per cent do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
