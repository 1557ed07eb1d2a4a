"""Reading outcome streams, any number of them at once."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import redis

from adapters.redis_client import outcome_streams
from spcm_client.portion import Portion

OLDEST = "0-0"

_AT_ONCE = 500  # entries of all streams, at most


class Published(NamedTuple):
    """An outcome as it was published: the stream's name, the entry's id, the event's JSON."""

    stream: str
    entry: str
    event: str


class OutcomeStreams:
    """What is published in the streams that were added, from where each was added. Raises redis-py's errors."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._positions: dict[Any, Any] = {}
        self._portion = Portion(_AT_ONCE)

    def add(self, stream: str, position: str | None = None) -> None:
        """Read this one too: after `position`, or from now on. One that was added before stays where it is."""
        if stream.encode() not in self._positions:
            self._positions[stream.encode()] = self._last_id(stream) if position is None else position

    def add_all(self, position: str | None) -> None:
        """Read all there are now, as `add` does."""
        for stream in outcome_streams(self._client):
            with suppress(UnicodeDecodeError):  # no tenant's
                self.add(stream.decode(), position)

    def read(self, seconds: float) -> Iterator[Published]:
        """What has come since the last call, or comes within this time; not necessarily all of it."""
        if not self._positions:
            time.sleep(seconds)
            return
        each = max(1, self._portion.count // len(self._positions))
        found: Any = self._client.xread(self._positions, count=each, block=int(seconds * 1000) or None)
        streams = dict(found or {})
        self._portion.had([len(fields.get(b"event", b"")) for entries in streams.values() for _, fields in entries])
        for stream, entries in streams.items():
            for entry, fields in entries:
                self._positions[stream] = entry
                yield Published(stream.decode(), entry.decode(), fields.get(b"event", b"").decode(errors="replace"))

    def _last_id(self, stream: str) -> str:
        if not self._client.exists(stream):
            return OLDEST
        last: bytes = self._client.xinfo_stream(stream)["last-generated-id"]
        return last.decode()
