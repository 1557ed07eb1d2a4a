"""SPCM as a publisher sees it: a Valkey, a database and one ordinary Celery worker, and nothing but Redis in between.

Commands go in by XADD and outcomes come back by XREAD, as docs/contract.md tells it; nothing of ours is asked, but for
what an operator does beforehand (the schema, tenants and users). Everybody comes as the Redis user of their role.
"""

import base64
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

from redis import Redis

from adapters.database import make_engine
from adapters.lifeline import Lifeline
from adapters.migrations import migrate
from adapters.tenants import add_tenant
from adapters.users import add_user
from adapters.valkey import Valkey
from domain.permissions import Permission
from tests.access import as_role, grant

PARTITIONS = 8
PATIENCE = 30.0
"""Seconds that an outcome may take, on a machine that does other things too."""

ROOT = Path(__file__).parents[2]
PASSWORD = "s3cret"
UNATTRIBUTED = "_unattributed"

JsonObject = dict[str, Any]


class NoOutcome(AssertionError):
    """Raised when outcomes do not come in time, or one comes twice; its text ends with the worker's log."""


class Installation:
    """A running SPCM. `environment` holds settings, SPCM_..., beyond the two URLs.

    `redis` may do everything: it is for looking at what the contract says nothing of.
    """

    def __init__(self, directory: Path, database_url: str, environment: dict[str, str] | None = None) -> None:
        self.valkey = Valkey.start(directory / "valkey")
        self.redis = Redis.from_url(self.valkey.url)
        self.redis.config_set("appendonly", "no")  # nobody restarts this one
        self._clients: dict[tuple[str, str], Redis] = {}
        grant(self.redis, "acme")
        self.engine = make_engine(database_url)
        migrate(self.engine)
        self.log = directory / "worker.log"
        self._lifeline = Lifeline()
        self._events: dict[str, JsonObject] = {}
        self._read: dict[str, str] = {}
        self._numbers = itertools.count(1)
        urls = {"SPCM_REDIS_URL": as_role(self.valkey.url, "worker"), "SPCM_DATABASE_URL": database_url}
        command = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-c", "2"]
        with self.log.open("wb") as log:
            self.worker = self._lifeline.start(
                command, cwd=ROOT, env={**os.environ, **urls, **(environment or {})}, stdout=log, stderr=log
            )

    def stop(self) -> None:
        """End it all at once: how a worker ends in peace is tested elsewhere. A batch must not have failed by a bug."""
        os.killpg(self.worker.pid, signal.SIGKILL)  # the worker leads a session of its own
        self.worker.wait()
        self._lifeline.close()
        for client in (self.redis, *self._clients.values()):
            client.close()
        self.engine.dispose()
        self.valkey.stop()
        assert "batch-failed" not in self.log.read_text(errors="replace"), self.log

    def add_tenant(self, permissions: Iterable[Permission] = Permission, *, name: str | None = None) -> "Sender":
        """A new tenant with one user, `oms`, who holds the permissions."""
        name = name or f"t{next(self._numbers)}"
        with self.engine.begin() as connection:
            add_tenant(connection, name)
        return self.add_user(name, "oms", permissions)

    def add_user(
        self, tenant: str, user: str, permissions: Iterable[Permission] = Permission, password: str = PASSWORD
    ) -> "Sender":
        with self.engine.begin() as connection:
            add_user(connection, tenant, user, password, permissions)
        return Sender(self, tenant, user, password)

    def client(self, role: str, tenant: str = "acme") -> Redis:
        """A client of the role's user."""
        if (role, tenant) not in self._clients:
            grant(self.redis, tenant)
            self._clients[role, tenant] = Redis.from_url(as_role(self.valkey.url, role, tenant))
        return self._clients[role, tenant]

    def send(self, fields: Sequence[tuple[int, dict[Any, Any]]]) -> list[str]:
        """Add entries, each (partition, fields), as one piece; the ids that their outcomes will have."""
        with self.client("publisher").pipeline(transaction=True) as pipeline:
            for partition, each in fields:
                pipeline.xadd(f"spcm:commands:{partition}", each)
            entries = pipeline.execute()
        return [f"{partition}-{entry.decode()}" for (partition, _), entry in zip(fields, entries, strict=True)]

    def outcomes(self, tenant: str, entries: Sequence[str], within: float = PATIENCE) -> list[JsonObject]:
        """The outcomes of these entries of the tenant's, or of nobody's, in the order of the entries."""
        deadline = time.monotonic() + within
        while missing := [entry for entry in entries if entry not in self._events]:
            if time.monotonic() > deadline or self.worker.poll() is not None:
                raise NoOutcome(f"{len(missing)} of {len(entries)} missing\n{self.log.read_text()[-4000:]}")
            for each in (UNATTRIBUTED, tenant):
                self._read_more(each, block=200 if each == tenant else None)
        return [self._events[entry] for entry in entries]

    def order(self, entries: Iterable[str]) -> list[str]:
        """Entries whose outcomes are there, in the order in which they were read."""
        wanted = set(entries)
        return [entry for entry in self._events if entry in wanted]

    def _read_more(self, tenant: str, block: int | None) -> None:
        stream = f"spcm:outcomes:{tenant}"
        found: Any = self.client("consumer", tenant).xread({stream: self._read.get(stream, "0")}, block=block)
        for key, entries in found or ():
            for entry, fields in entries:
                self._read[key.decode()] = entry.decode()
                event = json.loads(fields[b"event"])
                if event["id"] in self._events:
                    raise NoOutcome(f"{event['id']} has two outcomes")
                self._events[event["id"]] = event | {"_stream": key.decode()}


class Sender:
    """A user of a tenant, who sends commands and reads what comes of them."""

    def __init__(self, installation: Installation, tenant: str, user: str, password: str = PASSWORD) -> None:
        self.installation = installation
        self.tenant = tenant
        self.authorization = basic(user, password)
        self._ids = itertools.count(1)
        self._prefix = f"{user if user.isalnum() and user.isascii() else 'user'}-"

    def command(self, operation: str, payload: Any = None, **members: Any) -> JsonObject:
        """A command with an id of its own; `members` are added, or put in the place of others."""
        made: JsonObject = {
            "id": f"{self._prefix}{next(self._ids)}",
            "operation": operation,
            "tenant": self.tenant,
            "authorization": self.authorization,
        }
        if payload is not None:
            made["payload"] = payload
        return made | members

    def send(self, *commands: JsonObject | bytes, partition: int | None = None) -> list[str]:
        """Send commands, or bytes in their place; where no partition is named, by the contract's rule."""
        entries = []
        for command in commands:
            raw = command if isinstance(command, bytes) else json.dumps(command, ensure_ascii=False).encode()
            place = partition if partition is not None else partition_of(command)
            entries.append((place, {"command": raw}))
        return self.installation.send(entries)

    def outcomes(self, entries: Sequence[str]) -> list[JsonObject]:
        return self.installation.outcomes(self.tenant, entries)

    def run(self, *commands: JsonObject | bytes, partition: int | None = None) -> list[JsonObject]:
        """Send all of them at once; their outcomes, in the same order."""
        return self.outcomes(self.send(*commands, partition=partition))

    def ask(self, operation: str, payload: Any = None, **members: Any) -> JsonObject:
        """Send one command; its outcome."""
        return self.run(self.command(operation, payload, **members))[0]

    def reply(self, key: str, within: float = PATIENCE) -> JsonObject:
        """What comes to a reply list."""
        popped = self.installation.client("publisher", tenant=key.split(":")[2]).blpop([key], timeout=within)
        assert popped is not None, f"no reply in {key}"
        event: JsonObject = json.loads(popped[1])
        return event


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def partition_of(command: JsonObject | bytes) -> int:
    """The contract's rule; whatever it cannot be said of goes to the first partition."""
    if isinstance(command, bytes):
        return 0
    params = command.get("params")
    single = command.get("operation") in [f"subscriber.{verb}" for verb in ("create", "get", "update", "delete")]
    key = params.get("msisdn", "catalog") if single and isinstance(params, dict) else "catalog"
    return crc32(f"{command.get('tenant')}:{key}".encode(errors="replace")) % PARTITIONS
