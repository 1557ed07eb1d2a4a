"""The servers of `spcm up`: those that are given by URL, and for the others the embedded ones."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.installation import prepare
from adapters.migrations import migrate
from adapters.redis_client import connect
from adapters.settings import Settings
from adapters.valkey import Valkey
from adapters.valkey_folder import ValkeyFailed
from cli.database import engine_of
from cli.installation import make_data_folder
from cli.problems import Problem, say

RESTART_AFTER = 1.0
"""Seconds after which a server that could not be started is tried again."""


class Servers:
    """Redis, whose URL has its password, and the database of the settings, both ready to be used."""

    def __init__(self, redis: str, valkey: Valkey | None) -> None:
        self.redis = redis
        self._valkey = valkey
        self._failed_with = ""
        self._rests_until = 0.0

    def look_after(self) -> None:
        """Start the embedded Valkey again if it has ended; what it had answered it still has.

        Where it cannot be started, on a full disk for one, it is tried again from time to time.
        """
        if self._valkey is None or self._valkey.alive() or time.monotonic() < self._rests_until:
            return

        if not self._failed_with:
            words = self._valkey.complaint
            say(f"Valkey has ended{f' ({words})' if words else ''}; it is started again")
        ended = self._valkey
        ended.stop()
        try:
            self._valkey = type(ended).start(ended.directory, port=ended.port)
        except ValkeyFailed as failed:
            if str(failed) != self._failed_with:
                say(f"{failed}; it is tried again")
            self._failed_with = str(failed)
            self._rests_until = time.monotonic() + RESTART_AFTER
        else:
            self._failed_with = ""

    def stop(self) -> None:
        """End what was started."""
        if self._valkey is not None:
            self._valkey.stop()


@contextmanager
def started_servers(chosen: Settings, redis_port: int | None) -> Iterator[Servers]:
    """Servers with the newest schema and a fixed number of partitions.

    Raises ValkeyFailed, WrongDatabaseUrl, NotReady, Unavailable, Problem.
    """
    make_data_folder(chosen)
    servers = _start(chosen, redis_port)
    try:
        if servers.redis != chosen.redis_url:
            write_secret(chosen.running_redis, servers.redis)
        _prepare(chosen, servers)
        yield servers
    finally:
        if servers.redis != chosen.redis_url:
            chosen.running_redis.unlink(missing_ok=True)
        servers.stop()


def _start(chosen: Settings, redis_port: int | None) -> Servers:
    if chosen.redis_url:
        if redis_port is not None:
            raise Problem("--redis-port is for the embedded Valkey: leave it out, or unset SPCM_REDIS_URL")
        return Servers(chosen.redis_url, None)
    valkey = Valkey.start(chosen.data / "valkey", port=redis_port)
    return Servers(valkey.url, valkey)


def _prepare(chosen: Settings, servers: Servers) -> None:
    with engine_of(chosen) as engine, connect(servers.redis) as client:
        client.ping()
        migrate(engine)
        prepare(engine, client, chosen.partitions)


def write_secret(path: Path, text: str) -> None:
    """The file has this text, whole, and only its owner can read it. Raises Problem."""
    made = path.with_suffix(f".{os.getpid()}")
    try:
        made.unlink(missing_ok=True)
        with os.fdopen(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(f"{text}\n")
        made.replace(path)
    except OSError as error:
        made.unlink(missing_ok=True)
        raise Problem(f"{path} cannot be written: {error.strerror}") from None
