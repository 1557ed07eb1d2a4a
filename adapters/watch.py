"""Watching the command streams for something to do."""

from collections.abc import Collection
from typing import Any

import redis
import structlog

from adapters.failures import Unavailable
from adapters.keys import command_stream
from adapters.redis_failures import is_of_another_type, redis_failures

log = structlog.get_logger()


class Watch:
    """Tells which partitions have commands: at once when one arrives, and all of them every now and then.

    A key of another type in the place of a stream is left out: Redis would refuse to watch the others with it.
    """

    def __init__(self, client: "redis.Redis", partitions: int) -> None:
        self._client = client
        self._numbers: dict[Any, int] = {command_stream(number).encode(): number for number in range(partitions)}
        self._seen: dict[Any, Any] = {}
        self._left_out: set[Any] = set()

    def all_with_entries(self) -> Collection[int]:
        """Partitions that have entries now. Raises Unavailable."""
        with redis_failures(), self._client.pipeline(transaction=False) as pipeline:
            for stream in self._numbers:
                pipeline.xlen(stream)
            lengths = dict(zip(self._numbers, pipeline.execute(raise_on_error=False), strict=True))
            odd = set()
            for stream, length in lengths.items():
                if is_of_another_type(length):
                    odd.add(stream)
                elif isinstance(length, redis.RedisError):
                    raise length
        self._leave_out(odd)
        return [self._numbers[stream] for stream, length in lengths.items() if length and stream not in odd]

    def wait(self, seconds: float) -> Collection[int]:
        """Partitions to which a command came since the last call; at most so long. Raises Unavailable."""
        with redis_failures():
            if not self._seen:
                self._seen = self._last_ids(self._numbers.keys() - self._left_out)
                return self.all_with_entries()
            found: Any = self._client.xread(self._seen, count=1, block=int(seconds * 1000))
            streams = [stream for stream, _ in found]
            # What is below these ids is there already, and the drain that is asked for now will find it.
            self._seen.update(self._last_ids(streams))
        return [self._numbers[stream] for stream in streams]

    def start_over(self) -> None:
        """After an outage: what was seen may be another Redis's."""
        self._seen.clear()

    def _leave_out(self, odd: set[Any]) -> None:
        if len(odd) == len(self._numbers):
            raise Unavailable("Redis: the keys of all command streams are of another type")
        for stream in odd - self._left_out:
            log.error("partition-left-out", key=stream.decode())
        if odd != self._left_out:
            self._left_out = odd
            self.start_over()

    def _last_ids(self, streams: Collection[Any]) -> dict[Any, Any]:
        with self._client.pipeline(transaction=False) as pipeline:
            for stream in streams:
                pipeline.xinfo_stream(stream)
            told = pipeline.execute(raise_on_error=False)
        return {stream: _last_id(each) for stream, each in zip(streams, told, strict=True)}


def _last_id(told: Any) -> Any:
    if isinstance(told, redis.ResponseError):  # there is no such stream
        return b"0-0"
    if isinstance(told, redis.RedisError):
        raise told
    return told["last-generated-id"]
