"""One Valkey and one database for all that is compared, set back to the same state before each run."""

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

import orjson
import redis
from sqlalchemy import Engine, func, select, text

from adapters.database import make_engine
from adapters.installation import prepare
from adapters.keys import command_stream, outcome_stream
from adapters.migrations import migrate
from adapters.sqlite import READS
from adapters.tables import journal, metadata, subscribers
from adapters.tenants import add_tenant
from adapters.users import add_user
from adapters.valkey import Valkey
from benchmarks.existing import add_subscribers
from benchmarks.scenarios import PARTITIONS, PASSWORD, USER
from domain.permissions import Permission
from tests.servers import Postgres

Database = Literal["postgres", "sqlite"]

POLL = 0.02
"""Seconds between two looks for outcomes; they carry their own time, so this costs no precision."""


class Stuck(Exception):
    """Raised when outcomes do not come: a contender is broken, or far too slow."""


class Servers:
    """A Valkey that keeps every write (appendfsync always), and PostgreSQL (fsync on, and these settings) or SQLite."""

    def __init__(self, database: Database = "postgres", settings: Mapping[str, str] | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="spcm-bench-"))
        self.valkey = Valkey.start(self.folder / "valkey")
        self.postgres = Postgres(settings=settings).start() if database == "postgres" else None
        sqlite = f"sqlite:///{self.folder / 'spcm.sqlite'}"
        self.database_url = self.postgres.create_database("spcm") if self.postgres else sqlite
        # Filling a table with millions of rows takes longer than any statement of a worker may.
        self.engine: Engine = make_engine(self.database_url, statement_timeout=0)
        self.client: Any = redis.Redis.from_url(self.valkey.url)  # redis-py types each reply as any of all replies
        migrate(self.engine)

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.engine.dispose()
        self.client.close()
        if self.postgres:
            self.postgres.stop()
        self.valkey.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a program that uses these servers, and no setting of whoever measures."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("SPCM_")}
        return own | {"SPCM_REDIS_URL": self.valkey.url, "SPCM_DATABASE_URL": self.database_url}

    def reset(self, tenants: Collection[str], existing: int = 0) -> None:
        """Nothing but these tenants, each with one user, and so many subscribers in the first of them."""
        self.client.flushall()
        self._rewrite_log()
        with self.engine.begin() as connection:
            if self.postgres:
                names = ", ".join(table.name for table in metadata.sorted_tables)
                connection.execute(text(f"truncate {names} cascade"))
            else:
                for table in reversed(metadata.sorted_tables):
                    connection.execute(table.delete())
            for tenant in tenants:
                add_tenant(connection, tenant)
                add_user(connection, tenant, USER, PASSWORD, Permission)
            add_subscribers(connection, next(iter(tenants)), existing)
        prepare(self.engine, self.client, PARTITIONS)
        self._checkpoint()

    def wait_for_autovacuum(self, *, within: float = 600) -> None:
        """Until PostgreSQL has looked after the subscribers by itself, as after each filling. Raises Stuck."""
        assert self.postgres is not None
        looked_after = text(
            "select last_autovacuum is not null and last_autoanalyze is not null"
            " from pg_stat_user_tables where relname = 'subscribers'"
        )
        deadline = time.monotonic() + within
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not connection.scalar(looked_after):
                if time.monotonic() > deadline:
                    raise Stuck("no autovacuum")
                time.sleep(POLL)
        self._checkpoint()

    def send(self, commands: Collection[tuple[int, bytes]]) -> None:
        """Put commands into their partitions' streams."""
        with self.client.pipeline(transaction=False) as pipeline:
            for partition, command in commands:
                pipeline.xadd(command_stream(partition), {"command": command})
                if len(pipeline) >= 500:
                    pipeline.execute()
            pipeline.execute()

    def now(self) -> float:
        """Valkey's clock, in seconds: outcomes carry its time too."""
        seconds, microseconds = self.client.time()
        return float(seconds + microseconds / 1e6)

    def wait_for_outcomes(self, tenants: Collection[str], count: int, *, within: float = 300) -> float:
        """The time at which the last of so many outcomes was told. Raises Stuck."""
        deadline = time.monotonic() + within
        while (there := sum(int(self.client.xlen(outcome_stream(tenant))) for tenant in tenants)) < count:
            if time.monotonic() > deadline:
                raise Stuck(f"{there} of {count} outcomes")
            time.sleep(POLL)
        newest = [self.client.xrevrange(outcome_stream(tenant), count=1) for tenant in tenants]
        return max(int(entries[0][0].split(b"-")[0]) for entries in newest if entries) / 1000

    def statuses(self, tenants: Collection[str]) -> Counter[int]:
        """How many outcomes there are of each status."""
        found: Counter[int] = Counter()
        for tenant in tenants:
            start = b"-"
            while entries := self.client.xrange(outcome_stream(tenant), min=start, count=5000):
                found.update(orjson.loads(fields[b"event"])["status"] for _, fields in entries)
                start = b"(" + entries[-1][0]
        return found

    def rows(self) -> tuple[int, int]:
        """How many subscribers and how many journal records there are."""
        with self.engine.connect().execution_options(**READS) as connection:
            counts = [connection.scalar(select(func.count()).select_from(table)) for table in (subscribers, journal)]
        return counts[0] or 0, counts[1] or 0

    def commands_left(self) -> int:
        return sum(int(self.client.xlen(command_stream(partition))) for partition in range(PARTITIONS))

    def forget_outcomes(self, tenants: Collection[str]) -> None:
        self.client.delete(*(outcome_stream(tenant) for tenant in tenants))

    def _rewrite_log(self) -> None:
        """A short append-only file for everybody: no rewrite begins within a run."""
        self.client.bgrewriteaof()
        while self.client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(POLL)

    def _checkpoint(self) -> None:
        if self.postgres:
            self.postgres.execute("checkpoint")
