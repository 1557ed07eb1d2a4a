"""The commands of `spcm bench`: sent, and their outcomes read as they come."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from adapters.keys import outcome_stream
from cli.problems import Problem
from spcm_client import Command, partition_of, stream_of

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


@dataclass
class Sender:
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
