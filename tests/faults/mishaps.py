"""Faults for the long run: each does its harm, and returns when that has ended."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis
from sqlalchemy import make_url

from adapters.keys import BELLS
from tests.faults.clock import LIBRARY, clock
from tests.faults.forged import FORGED
from tests.faults.lab import PLACES, Lab
from tests.faults.ledger import Draft
from tests.faults.link import When
from tests.faults.load import TENANTS, command, draft
from tests.faults.proxy import Proxy
from tests.faults.thieves import thieves
from tests.faults.trouble import OURS, trouble
from tests.polling import wait_for
from tests.servers import Postgres

Mishap = tuple[str, float, Callable[[], object]]


@dataclass
class Mishaps:
    """All faults, over a lab whose first worker is never ended as a whole, so that its memory can be watched."""

    lab: Lab
    random: random.Random
    poisons: int = 0

    def all(self) -> list[Mishap]:
        """Name, weight and action; the name begins with the row of the fault list."""
        return self._on_any_database() + (self._on_postgresql() if self.lab.postgres else self._on_sqlite())

    def _on_any_database(self) -> list[Mishap]:
        return [
            ("01 worker killed", 3, self.kill_worker),
            ("02 pool process killed", 8, self.kill_pool_process),
            ("03 killed at a point", 10, self.kill_at_a_point),
            ("04 stopped at a point", 3, self.stop_at_a_point),
            ("05 worker restarted", 2, self.restart_worker),
            ("06 Redis killed", 4, self.kill_redis),
            ("07 Redis stopped", 2, self.stop_redis),
            ("08 clients cut off, scripts flushed", 8, self.cut_clients),
            ("11 Redis full", 3, self.fill_redis),
            ("16 cut at the finishing script", 6, self.cut_at_finish),
            ("18 slow network", 2, self.slow),
            ("18 connections reset", 8, lambda: self.proxy().cut()),
            ("18 byte by byte", 2, self.slice),
            ("18 black hole", 2, self.black_hole),
            ("20 an operation raises", 4, lambda: self.poison("fault.raise")),
            ("21 an operation kills", 2, lambda: self.poison("fault.kill")),
            ("22 an operation hangs", 0.5, lambda: self.poison("fault.hang")),
            ("26 bells lost", 6, self.steal_bells),
            ("26 bells forged", 4, lambda: self.lab.client.rpush(BELLS, *FORGED)),
            ("27 trimmed", 3, lambda: self.lab.client.delete("spcm:maintenance")),
        ]  # fmt: skip

    def _on_postgresql(self) -> list[Mishap]:
        return [
            ("12 backends terminated", 8, self.terminate_backends),
            ("13 PostgreSQL crashed", 4, lambda: self.postgres.restart("immediate")),
            ("14 PostgreSQL gone", 2, self.kill_postgres),
            ("15 database read-only", 2, self.read_only),
            ("15 disk full", 2, lambda: self.trouble("53100", 1)),
            ("16 cut at commit", 8, self.cut_at_commit),
            ("17 transaction a victim", 4, lambda: self.trouble(self.random.choice(("40001", "40P01", "55P03")), 0.2)),
            ("17 lock held", 2, self.hold_a_lock),
        ]  # fmt: skip

    def _on_sqlite(self) -> list[Mishap]:
        return [
            ("14 SQLite's file gone", 4, self.take_the_file_away),
            ("17 SQLite's file locked", 4, self.lock_the_file),
        ]  # fmt: skip

    @property
    def postgres(self) -> Postgres:
        assert self.lab.postgres is not None
        return self.lab.postgres

    def proxy(self) -> Proxy:
        proxies = [proxy for proxy in (self.lab.redis_proxy, self.lab.database_proxy) if proxy]
        return self.random.choice(proxies)

    def kill_worker(self) -> None:
        worker = next(worker for worker in reversed(self.lab.workers) if worker.alive())
        worker.kill()
        wrong = clock(self.random.choice(("+1h", "-1h"))) if LIBRARY.exists() and self.random.random() < 0.5 else {}
        self.lab.launch_worker(environment=wrong)

    def restart_worker(self) -> None:
        worker = next(worker for worker in reversed(self.lab.workers) if worker.alive())
        if worker.ready():
            worker.terminate(group=self.random.random() < 0.5)
            try:
                assert worker.wait(10) == 0
            finally:
                self.lab.launch_worker()

    def kill_pool_process(self) -> None:
        pool = [pid for worker in self.lab.workers if worker.alive() for pid in worker.pool]
        with contextlib.suppress(ProcessLookupError, IndexError):
            os.kill(self.random.choice(pool), signal.SIGKILL)

    def kill_at_a_point(self) -> None:
        self._reach(self.random.choice(PLACES), "kill")

    def stop_at_a_point(self) -> None:
        if self._reach(self.random.choice(PLACES), "stop"):
            time.sleep(self.random.uniform(0.5, 6))
            for worker in self.lab.workers:
                for zombie in worker.stopped() if worker.alive() else ():
                    os.kill(zombie, signal.SIGCONT)

    def _reach(self, place: str, action: str) -> bool:
        self.lab.switch(place, action)
        with contextlib.suppress(AssertionError):
            wait_for(lambda: self.lab.reached(place), within=3)
        try:
            (self.lab.failpoints / place).unlink()
        except FileNotFoundError:
            return True
        return False

    def kill_redis(self) -> None:
        self.lab.valkey.kill()
        self.lab.restart_valkey()

    def stop_redis(self) -> None:
        os.kill(self.lab.valkey.pid, signal.SIGSTOP)
        time.sleep(self.random.choice((0.5, 2, 6)))
        os.kill(self.lab.valkey.pid, signal.SIGCONT)

    def cut_clients(self) -> None:
        self.lab.client.script_flush()
        self.lab.client.client_kill_filter(_type="normal", skipme=True)

    def fill_redis(self) -> None:
        self.lab.client.config_set("maxmemory", 1)
        time.sleep(self.random.uniform(0.2, 2))
        self.lab.client.config_set("maxmemory", 0)

    def terminate_backends(self) -> None:
        for _ in range(3):
            self.postgres.execute(OURS)
            time.sleep(0.3)

    def kill_postgres(self) -> None:
        self.postgres.kill()
        time.sleep(self.random.uniform(0.5, 4))
        self.postgres.start()

    def read_only(self) -> None:
        self.postgres.execute("alter database spcm set default_transaction_read_only = on")
        self.postgres.execute(OURS)
        time.sleep(1)
        self.postgres.execute("alter database spcm reset default_transaction_read_only")
        self.postgres.execute(OURS)

    def trouble(self, state: str, chance: float) -> None:
        with trouble(self.lab, state, chance):
            time.sleep(1)

    def hold_a_lock(self) -> None:
        with psycopg.connect(self.lab.database.replace("+psycopg", "")) as holder:
            holder.execute("lock table subscribers in exclusive mode")
            time.sleep(self.random.uniform(0.5, 3))

    def take_the_file_away(self) -> None:
        file = self._sqlite_file()
        file.rename(file.with_suffix(".away"))
        time.sleep(self.random.uniform(0.5, 3))
        file.with_suffix(".away").rename(file)

    def lock_the_file(self) -> None:
        with contextlib.closing(sqlite3.connect(self._sqlite_file(), timeout=30)) as holder:
            holder.execute("begin immediate")
            time.sleep(self.random.uniform(0.5, 7))

    def _sqlite_file(self) -> Path:
        return Path(make_url(self.lab.database).database or "")

    def cut_at_commit(self) -> None:
        assert self.lab.database_proxy is not None
        self.lab.database_proxy.cut_on(b"COMMIT", "to_server", self._when()).wait(3)
        self.lab.database_proxy.heal()

    def cut_at_finish(self) -> None:
        assert self.lab.redis_proxy is not None
        self.lab.redis_proxy.cut_on(b"subscriber.create.completed", "to_server", self._when()).wait(3)
        self.lab.redis_proxy.heal()

    def _when(self) -> When:
        return self.random.choice(("before", "after"))

    def slow(self) -> None:
        proxy = self.proxy()
        proxy.latency(0.1)
        time.sleep(1.5)
        proxy.heal()

    def slice(self) -> None:
        proxy = self.proxy()
        proxy.slice(True)
        time.sleep(1)
        proxy.heal()

    def black_hole(self) -> None:
        proxy = self.proxy()
        proxy.black_hole(True)
        time.sleep(self.random.choice((0.5, 1.5, 4)))
        proxy.heal()

    def steal_bells(self) -> None:
        with thieves(self.lab):
            time.sleep(self.random.uniform(0.2, 1))

    def poison(self, operation: str) -> None:
        """Until it is answered: what it does to its partition is no fault that has ended."""
        self.poisons += 1
        bad: Draft = draft(command(self.random.choice(TENANTS), operation, f"poison-{self.poisons}"), "poison")
        [sent] = self.lab.send(bad)
        stream = f"spcm:outcomes:{json.loads(bad.raw)['tenant']}"
        after = f"{int(self.lab.now().timestamp() * 1000) - 1}"

        def answered() -> bool:
            with contextlib.suppress(redis.RedisError):
                fresh: Any = self.lab.client.xrange(stream, after, "+")
                return any(sent.event_id in fields[b"event"].decode() for _, fields in fresh)
            return False

        wait_for(answered, within=90, what=lambda: f"{operation} is not answered")
