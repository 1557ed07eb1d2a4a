"""A Redis that is away, to a command that waits for it."""

import time
from types import TracebackType

import redis

from cli.problems import say
from spcm_client.connections import REFUSED, refused_for_a_while

_SAID_AGAIN_AFTER = 10.0
"""Seconds; the outages of a Redis that comes and goes are told no more often."""


class Outage:
    """Swallows what is raised inside because Redis is away, and tells it once, until it was back; `lost` while it is.

    The waiting is its user's.
    """

    def __init__(self) -> None:
        self.lost = False
        self._told = False
        self._silent_until = 0.0

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            self.lost = self._told = False
            return False
        if not _is_away(error):
            return False
        self.lost = True
        if not self._told and time.monotonic() > self._silent_until:
            say("the connection to Redis was lost; waiting for it")
            self._told, self._silent_until = True, time.monotonic() + _SAID_AGAIN_AFTER
        return True


def _is_away(error: BaseException) -> bool:
    if isinstance(error, redis.ResponseError):
        return refused_for_a_while(error)
    return isinstance(error, redis.ConnectionError | redis.TimeoutError) and not isinstance(error, REFUSED)
