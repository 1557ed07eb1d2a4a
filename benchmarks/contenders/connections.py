"""Connections of the alternatives' programs, which execute commands in the style that the environment names."""

import os
import threading
from typing import Any

import asyncpg
import psycopg
import redis
import redis.asyncio
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.contenders import lean, plain
from benchmarks.contenders.single import STYLE, Words, announcement, steps

WORDS: Words = lean if STYLE == "lean" else plain


class Synchronously:
    """For programs of threads: each has connections of its own."""

    def __init__(self) -> None:
        self._mine = threading.local()

    def execute(self, raw: bytes) -> None:
        if not hasattr(self._mine, "database"):
            self._mine.database = _connect()
            self._mine.redis = redis.Redis.from_url(os.environ["SPCM_REDIS_URL"])
        database = self._mine.database
        running, rows = steps(raw, WORDS, lean.COLUMNS), None
        while True:
            try:
                statement, arguments = running.send(rows)  # type: ignore[arg-type]  # None starts it
            except StopIteration as end:
                self._mine.redis.xadd(*announcement(end.value))
                return
            done = database.execute(statement, arguments)
            returns_rows = done.returns_rows if STYLE == "plain" else done.description
            rows = done.fetchall() if returns_rows else []


class Concurrently:
    """For programs of coroutines: connections from a pool."""

    def __init__(self, connections: int) -> None:
        self._size = connections
        self._pool: Any = None
        self._redis: Any = None

    async def open(self) -> None:
        """Connect; once, in the event loop that executes."""
        if STYLE == "lean":
            self._pool = await asyncpg.create_pool(_url(), min_size=self._size, max_size=self._size)
        else:
            url = _url().replace("postgresql:", "postgresql+asyncpg:", 1)
            self._pool = create_async_engine(url, pool_size=self._size, isolation_level="AUTOCOMMIT")
        self._redis = redis.asyncio.Redis.from_url(os.environ["SPCM_REDIS_URL"])

    async def execute(self, raw: bytes) -> bytes:
        """The outcome event."""
        running, rows = steps(raw, WORDS, lean.COLUMNS), None
        async with self._pool.acquire() if STYLE == "lean" else self._pool.connect() as database:
            while True:
                try:
                    statement, arguments = running.send(rows)  # type: ignore[arg-type]  # None starts it
                except StopIteration as end:
                    stream, fields = announcement(end.value)
                    break
                if STYLE == "lean":
                    rows = await database.fetch(statement, *arguments)
                else:
                    done = await database.execute(statement, arguments)
                    rows = done.fetchall() if done.returns_rows else []
        await self._redis.xadd(stream, fields)
        return fields["event"]


def _connect() -> Any:
    if STYLE == "lean":
        return psycopg.RawCursor(psycopg.connect(_url(), autocommit=True))
    # The statements say where a transaction begins and ends, as in the other style.
    return create_engine(os.environ["SPCM_DATABASE_URL"], isolation_level="AUTOCOMMIT").connect()


def _url() -> str:
    return os.environ["SPCM_DATABASE_URL"].replace("+psycopg", "", 1)
