"""redis-py's errors as failures of ours, in words that repeat nothing that was sent."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from adapters.failures import Full, Unavailable

_PIPELINED = re.compile(r"Command # \d+ \(.*\) of pipeline caused error: ", re.DOTALL)
"""What redis-py puts before a server's words: the begin of the command, with `authorization` in it."""


@contextmanager
def redis_failures() -> Iterator[None]:
    """Raises Unavailable for whatever Redis cannot do now: gone, loading, full, read-only, stopped in a script."""
    try:
        yield
    except redis.OutOfMemoryError as error:
        raise Full(_redis_words(error)) from error
    except (redis.RedisError, OSError) as error:
        raise Unavailable(_redis_words(error)) from error


def is_of_another_type(answer: object) -> bool:
    """Whether Redis has answered that what is at the key is of another type."""
    return isinstance(answer, redis.ResponseError) and without_command(str(answer)).startswith("WRONGTYPE")


def without_command(words: str) -> str:
    """What Redis itself has said, without the command of a pipeline that it was said of."""
    return _PIPELINED.sub("", words)


def _redis_words(error: Exception) -> str:
    words = without_command(" ".join(str(error).split()))
    if isinstance(error, redis.ResponseError):
        # The server's own words may hold what was sent; its error code, a first word in capitals, does not.
        code = words.split(" ", 1)[0]
        words = code if code.isupper() else ""
    return f"Redis: {type(error).__name__} {words}".rstrip()
