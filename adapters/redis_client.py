"""Clients of Redis, and what they ask of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.keys import OUTCOMES
from adapters.redis_failures import redis_failures


def connect(url: str, *, timeout: float = 5.0, name: str | None = None) -> "redis.Redis":
    """A client that sends nothing twice: whoever repeats must know what a repetition means. `timeout` in seconds.

    `name` is told to operators who list the connections.
    """
    return redis.Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        retry_on_error=[redis.ReadOnlyError],  # never repeated; but a connection to a former master is closed
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        client_name=name,
    )


def time_of(client: "redis.Redis") -> datetime:
    """What time it is by Redis' clock. Raises Unavailable."""
    with redis_failures():
        seconds, _ = client.time()
    return datetime.fromtimestamp(seconds, UTC)


def outcome_streams(client: "redis.Redis") -> Iterator[bytes]:
    """The keys of all outcome streams: the tenants', and that of commands of no tenant. Raises redis-py's errors."""
    return client.scan_iter(match=f"{OUTCOMES}*", count=1000, _type="stream")


def script(client: "redis.Redis", name: str) -> Any:
    """One of our scripts (adapters/scripts), to be called with `keys` and `args`; its answer is the script's own."""
    return client.register_script(files("adapters").joinpath("scripts", f"{name}.lua").read_text())
