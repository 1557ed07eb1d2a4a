"""The fault lab: a real Valkey that keeps every write, a real PostgreSQL with fsync, real workers, proxies between.

lab = Lab(folder, proxied=True)
worker = lab.start_worker()
with lab.load(rate=300, seed=7):
    worker.kill()
    lab.start_worker()
lab.verify()                       # settled, and the checker finds nothing
lab.close()
"""

import contextlib
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from adapters.database import make_engine
from adapters.keys import command_stream
from adapters.migrations import migrate
from adapters.redis_client import connect
from adapters.tenants import add_tenant
from adapters.users import add_user
from adapters.valkey import Valkey
from domain.permissions import Permission
from tests.faults.checker import Finding, check
from tests.faults.evidence import Evidence, gather
from tests.faults.ledger import Draft, Ledger, Sent
from tests.faults.load import PARTITIONS, TENANTS, USER, Load, Publisher, Running, password_of
from tests.faults.proxy import Proxy
from tests.faults.worker import Worker
from tests.polling import wait_for
from tests.servers import Postgres

SOON = 10.0
"""Seconds; on a machine that does nothing else it is a second or two, which the long run measures."""

PLACES = ["taken", "decided", "written", "committed", "finished"]
"""Where a drain can be killed or stopped, in its order."""


class Lab:
    """Servers, workers and a ledger in one folder. What it starts ends with close(), or with this process."""

    def __init__(
        self,
        folder: Path,
        *,
        proxied: bool = False,
        sqlite: bool = False,
        postgres_settings: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.ledger = Ledger()
        self.workers: list[Worker] = []
        self._seeds: set[int] = set()
        self.failpoints = folder / "failpoints"
        self.failpoints.mkdir(parents=True)
        self.valkey = Valkey.start(folder / "valkey")
        self.postgres: Postgres | None = None
        if sqlite:
            self.database = f"sqlite:///{folder / 'spcm.sqlite'}"
        else:
            self.postgres = Postgres(tcp=proxied, settings=postgres_settings).start()
            self.database = self.postgres.create_database("spcm")
        self.redis_proxy = Proxy(("127.0.0.1", self.valkey.port)) if proxied else None
        self.database_proxy = Proxy(("127.0.0.1", self.postgres.port)) if proxied and self.postgres else None
        self.client = connect(self.valkey.url)
        self.environment = {
            "SPCM_REDIS_URL": self._redis_url(),
            "SPCM_DATABASE_URL": self._database_url(),
            "SPCM_FAILPOINTS": str(self.failpoints),
            **(environment or {}),
        }
        engine = make_engine(self.database)
        migrate(engine)
        with engine.begin() as connection:
            for tenant in TENANTS:
                add_tenant(connection, tenant)
                add_user(connection, tenant, USER, password_of(tenant), Permission)
        engine.dispose()

    def start_worker(self, *, concurrency: int = 2, environment: Mapping[str, str] | None = None) -> Worker:
        return self.launch_worker(concurrency=concurrency, environment=environment).wait_until_ready()

    def launch_worker(self, *, concurrency: int = 2, environment: Mapping[str, str] | None = None) -> Worker:
        """Start a worker and do not wait for it."""
        log = self.folder / "worker.log"
        worker = Worker({**self.environment, **(environment or {})}, log, concurrency=concurrency)
        self.workers.append(worker)
        return worker

    def switch(self, place: str, action: str) -> None:
        """Kill or stop the next pool process that comes to this place."""
        new = self.failpoints / f"{place}.new"
        new.write_text(action)
        new.rename(self.failpoints / place)

    def reached(self, place: str) -> bool:
        """Whether somebody came to the place since it was switched on."""
        return not (self.failpoints / place).exists()

    def send(self, *drafts: Draft) -> list[Sent]:
        """Send them, in this order, and keep them in the ledger."""
        own = Ledger()  # a load may be running beside it
        publisher = Publisher(self.valkey.url, own)
        publisher.insist(drafts)
        publisher.close()
        self.ledger.sent += own.sent
        self.ledger.unsure += own.unsure
        return own.sent

    @contextlib.contextmanager
    def load(self, *, rate: int, seed: int, numbers: int = 150) -> Iterator[Running]:
        """Commands at so many a second, from a thread."""
        print(f"seed {seed}")
        assert seed not in self._seeds, "its commands are in the journal already: all would be repeats"
        self._seeds.add(seed)
        running = Running(self.valkey.url, self.ledger, Load(seed, numbers=numbers), rate)
        try:
            yield running
        finally:
            running.stop()

    def backlog(self) -> list[int]:
        """How many commands each partition holds."""
        return [int(self.client.xlen(command_stream(partition))) for partition in range(PARTITIONS)]

    def settle(self, *, within: float = 30.0) -> None:
        """Wait until no partition holds a command."""
        wait_for(lambda: not any(self.backlog()), within=within, what=lambda: f"left: {self.backlog()}")

    def moving(self, *, within: float = SOON) -> float:
        """Wait until something more was sent, and then until every partition that holds commands has finished one.

        How many seconds that took.
        """
        began, sent = time.monotonic(), len(self.ledger)
        wait_for(lambda: len(self.ledger) > sent, within=within, what=lambda: "nothing is sent")
        first = [self._first(partition) for partition in range(PARTITIONS)]
        for partition, entry in enumerate(first):
            if entry is not None:
                wait_for(
                    lambda partition=partition, entry=entry: self._first(partition) != entry,  # type: ignore[misc]
                    within=began + within - time.monotonic(),
                    what=lambda partition=partition: f"partition {partition} does not move",  # type: ignore[misc]
                )
        return time.monotonic() - began

    def evidence(self) -> Evidence:
        log = self.folder / "worker.log"
        return gather(self.client, self.database, self.ledger.sent, self.ledger.unsure, [log] if log.exists() else [])

    def verify(self, *, within: float = 30.0) -> Evidence:
        """Settle, and let the checker find nothing, nor a failure of ours but where a command asks for it."""
        self.settle(within=within)
        evidence = self.evidence()
        findings: list[Finding] = check(evidence)
        assert not findings, f"{len(findings)} findings, of them {findings[:10]}"
        meant = {each.event_id for each in evidence.sent if each.kind == "poison"}
        failed = {each.event["id"] for each in evidence.told if each.event["status"] == 500} - meant
        assert not failed, f"answered 500: {sorted(failed)[:10]}"
        assert "batch-failed" not in evidence.texts.get("worker.log", ""), "a batch failed by a bug of ours"
        return evidence

    def restart_valkey(self) -> None:
        """Start it again in its folder, on its port: workers find it there."""
        self.valkey = Valkey.start(self.folder / "valkey", port=self.valkey.port)

    def now(self) -> datetime:
        seconds, microseconds = self.client.time()
        return datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()  # how they end in peace is row 5's; here it would only take time
        for proxy in (self.redis_proxy, self.database_proxy):
            if proxy is not None:
                proxy.stop()
        self.client.close()
        self.valkey.stop()
        if self.postgres is not None:
            self.postgres.stop("immediate")

    def _first(self, partition: int) -> bytes | None:
        entries: Any = self.client.xrange(command_stream(partition), count=1)
        return entries[0][0] if entries else None

    def _redis_url(self) -> str:
        url = self.valkey.url
        return url if self.redis_proxy is None else url.replace(f":{self.valkey.port}/", f":{self.redis_proxy.port}/")

    def _database_url(self) -> str:
        if self.postgres is None or self.database_proxy is None:
            return self.database
        name = make_url(self.database).database or ""
        return self.postgres.url(name, port=self.database_proxy.port)
