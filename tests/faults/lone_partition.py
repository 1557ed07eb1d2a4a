"""A partition without Redis: entries go in, in batches, and outcomes come out."""

from collections import Counter
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from sqlalchemy import Engine

from adapters.authenticator import Authenticator
from adapters.database import make_engine
from adapters.encoding import encode
from adapters.migrations import migrate
from adapters.partition_lock import lock_partition
from adapters.streams import Announcement, Entry
from adapters.tables import partitions
from adapters.tenants import add_tenant
from adapters.users import add_user
from domain.outcomes import Outcome
from domain.permissions import Permission
from domain.state import Defaults
from domain.strict_json import parse
from tests.faults.load import CANARY, TENANTS, USER, password_of
from workers.batch import Batch
from workers.case import announcements, case_of

STATUSES = {200, 201, 204, 207, 400, 401, 403, 404, 409, 412, 422, 503}


class LonePartition:
    """Partition 0 over a SQLite file, and two tenants each with a user who may do everything."""

    def __init__(self, folder: Path) -> None:
        self.engine: Engine = make_engine(f"sqlite:///{folder / 'spcm.sqlite'}")
        self.statuses: Counter[int] = Counter()
        self._authenticator = Authenticator()
        self._numbers = count(1)
        migrate(self.engine)
        with self.engine.begin() as connection:
            connection.execute(partitions.insert().values(number=0))
            for tenant in TENANTS[:2]:
                add_tenant(connection, tenant)
                add_user(connection, tenant, USER, password_of(tenant), Permission)

    def swallow(self, raws: list[bytes]) -> None:
        """Execute them as one batch. Raises AssertionError where one has no proper outcome."""
        outcomes = self.execute(self.entries(raws))
        for raw, outcome in zip(raws, outcomes, strict=True):
            event = encode(outcome.event())
            assert outcome.status in STATUSES, (outcome.status, raw)
            assert CANARY.encode() not in event, raw
            assert parse(event)["status"] == outcome.status
            self.statuses[outcome.status] += 1

    def entries(self, raws: list[bytes]) -> list[Entry]:
        return [Entry(f"{next(self._numbers)}-0", len(raw), raw) for raw in raws]

    def execute(self, entries: list[Entry]) -> list[Outcome]:
        return [each.outcome for each in self.decide(entries)]

    def decide(self, entries: list[Entry], *, refused: bool = False) -> list[Announcement]:
        """What would be told of one batch of these; `refused` as where too many wait."""
        cases = [case_of(0, each) for each in entries]
        with self.engine.begin() as connection:
            lock = lock_partition(connection, 0)
            assert lock is not None
            batch = Batch(connection, self._authenticator, Defaults(), datetime.now(UTC), lock)
            decided = batch.refuse(cases) if refused else batch.execute(cases)
        return list(announcements(decided, 1))
