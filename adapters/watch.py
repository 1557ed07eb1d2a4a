"""Watching the command streams for something to do."""

from collections.abc import Collection
from typing import Any

import redis

from adapters.failures import redis_failures
from adapters.streams import COMMANDS


class Watch:
    """Tells which partitions have commands: at once when one arrives, and all of them every now and then."""

    def __init__(self, client: "redis.Redis", partitions: int) -> None:
        self._client = client
        self._numbers: dict[Any, int] = {f"{COMMANDS}{number}".encode(): number for number in range(partitions)}
        self._seen: dict[Any, Any] = {}

    def all_with_entries(self) -> Collection[int]:
        """Partitions that have entries now. Raises Unavailable."""
        with redis_failures(), self._client.pipeline(transaction=False) as pipeline:
            for stream in self._numbers:
                pipeline.xlen(stream)
            lengths = pipeline.execute()
        return [number for number, length in zip(self._numbers.values(), lengths, strict=True) if length]

    def wait(self, seconds: float) -> Collection[int]:
        """Partitions to which a command came since the last call; at most so long. Raises Unavailable."""
        with redis_failures():
            if not self._seen:
                self._seen = self._last_ids(self._numbers)
                return self.all_with_entries()
            found: Any = self._client.xread(self._seen, count=1, block=int(seconds * 1000))
            streams = [stream for stream, _ in found]
            # What is below these ids is there already, and the drain that is asked for now will find it.
            self._seen.update(self._last_ids(streams))
        return [self._numbers[stream] for stream in streams]

    def start_over(self) -> None:
        """After an outage: what was seen may be another Redis's."""
        self._seen.clear()

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
