"""Connections to Redis: how often redis-py may repeat a call, and how long a read may block."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis, RedisError
from redis.backoff import ExponentialWithJitterBackoff
from redis.connection import HiredisRespSerializer
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    MasterDownError,
    NoPermissionError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry
from redis.utils import HIREDIS_AVAILABLE

from spcm_client.errors import ConnectionLost, WrongUrl

_LOST = (RedisConnectionError, RedisTimeoutError, OSError)

REFUSED = (AuthenticationError, AuthorizationError, NoPermissionError)  # waiting does not help
_FOR_A_WHILE = ("UNBLOCKED ", "MISCONF ", "NOREPLICAS ", "BUSY ")  # error codes that redis-py has no class for
_SOCKET_TIMEOUT = 5.0  # seconds
_MAX_CONNECTIONS = 2**31  # every thread that waits has one; redis-py's own limit is 100
_RETRIES = 3  # a stopped Redis is told after (1 + 3) * 5 s and the pauses between
_LONGEST_BLOCK = 5.0  # seconds
_PAUSE_AFTER_LOSS = 0.2  # seconds


class _NumbersAsText(HiredisRespSerializer):
    """hiredis crashes where a signal handler raises while it writes a number."""

    def pack(self, *words: Any) -> Any:
        return super().pack(*map(_as_text, words))


def _as_text(word: Any) -> Any:
    return str(word) if isinstance(word, int | float) else word


def connect(redis: Redis | str) -> Redis:
    """A client that is given is used as it is; for a URL one is made, which connects when it is first used.

    Raises `WrongUrl`.
    """
    if isinstance(redis, Redis):
        return redis
    backoff = ExponentialWithJitterBackoff(base=0.05, cap=1.0)
    try:
        made: Redis = Redis.from_url(
            redis,
            socket_timeout=_SOCKET_TIMEOUT,
            retry=Retry(backoff, _RETRIES),
            retry_on_error=[ReadOnlyError],  # on a new connection: this one stayed with a master that is none any more
            max_connections=_MAX_CONNECTIONS,
            # With these, redis-py also hands out connections on which an answer to another request is still to come.
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
            command_packer=_NumbersAsText() if HIREDIS_AVAILABLE else None,
        )
    except ValueError:
        form = "redis://user:password@host:port/0 is one, with %-escapes in the password"
        raise WrongUrl(f"the Redis URL cannot be read: {form}") from None
    return made


def longest_block(redis: Redis) -> float:
    """Seconds for which a read may block: half the socket timeout, since redis-py does not wait any longer for a
    blocking command than for others, and takes an answer that comes later for a broken connection. Redis can be 100 ms
    late with it (its timers run ten times a second), so a client's socket timeout must not be below about 0.4 s.
    """
    timeout = redis.get_connection_kwargs().get("socket_timeout", _SOCKET_TIMEOUT)  # absent: redis-py takes 5 s
    return _LONGEST_BLOCK if timeout is None else min(_LONGEST_BLOCK, float(timeout) / 2)


def execute_once(redis: Redis, *command: str | bytes | int | float) -> Any:
    """The raw answer (bytes, whatever `decode_responses` says) to a command that redis-py does not repeat by itself.

    BLPOP removes what it answers, and XREADGROUP notes it as delivered: if that answer is lost with the connection, a
    repetition finds the next entry, and nobody knows that one is missing. So these are sent once, and a connection
    whose answer was not read, whatever was raised meanwhile, is closed.

    Raises `ConnectionLost`, also where Redis refuses everybody for a while, and redis-py's errors for what it refuses
    for good (a wrong password, a missing right).
    """
    pool = redis.connection_pool
    try:
        with answers_kept_apart(redis):
            connection = pool.get_connection()
        try:
            connection.send_command(*map(_as_text, command))  # type: ignore[no-untyped-call]  # redis-py gives it no types
            return connection.read_response(disable_decoding=True)
        except ResponseError as error:
            if not refused_for_a_while(error):
                raise
            connection.disconnect()  # type: ignore[no-untyped-call]
            raise ConnectionLost(str(error)) from error
        except BaseException:  # of a signal handler, too: the answer that is still to come is nobody else's
            connection.disconnect()  # type: ignore[no-untyped-call]
            raise
        finally:
            pool.release(connection)
    except REFUSED:
        raise
    except _LOST as error:
        raise ConnectionLost(str(error)) from error


@contextmanager
def answers_kept_apart(redis: Redis) -> Iterator[None]:
    """What a signal handler raises can leave a connection in the pool on which an answer is still to come: close it."""
    try:
        yield
    except (RedisError, OSError):
        raise
    except BaseException:
        redis.connection_pool.disconnect(inuse_connections=False)
        raise


def refused_for_a_while(error: ResponseError) -> bool:
    """Whether Redis would refuse anybody: it became a replica, its disk is full, it lacks replicas, a script runs."""
    return isinstance(error, ReadOnlyError | MasterDownError) or str(error).startswith(_FOR_A_WHILE)


@contextmanager
def losses_told() -> Iterator[None]:
    """Where nobody asks again: raises redis-py's own error for a connection that was lost."""
    try:
        yield
    except ConnectionLost as lost:
        raise (lost.__cause__ or lost) from None


def pause_after_loss(seconds: float = _PAUSE_AFTER_LOSS) -> None:
    """Keep a reader from asking a Redis that is away thousands of times a second."""
    time.sleep(max(0.0, min(seconds, _PAUSE_AFTER_LOSS)))
