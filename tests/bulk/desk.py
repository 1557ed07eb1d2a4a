"""Batches without Redis: commands go in as JSON, outcomes come back as the events that would be told."""

import itertools
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from adapters.authenticator import Authenticator
from adapters.encoding import encode
from adapters.partition_lock import PartitionLock
from adapters.passwords import hash_password
from adapters.streams import Entry
from adapters.tables import journal, metadata, user_permissions, users
from adapters.tenants import add_tenant
from adapters.users import set_permissions
from domain.permissions import Permission
from domain.state import Defaults
from tests.contract.installation import basic
from workers.batch import Batch
from workers.case import case_of

JsonObject = dict[str, Any]

_PASSWORD = "s3cret"
_HASH = hash_password(_PASSWORD)
_numbers = itertools.count(1)


class Desk:
    """A tenant with one user, who holds every permission, and what executes their commands."""

    def __init__(self, engine: Engine, defaults: Defaults | None = None) -> None:
        self.engine = engine
        self.tenant = f"t{next(_numbers)}"
        self._defaults = defaults or Defaults()
        self._authenticator = Authenticator()
        self._ids = itertools.count(1)
        with engine.begin() as connection:
            add_tenant(connection, self.tenant)
            # Hashed once for all tests.
            row = {"tenant": self.tenant, "name": "oms", "password_hash": _HASH, "version": "1"}
            connection.execute(insert(users).values(row))
            held = [{"tenant": self.tenant, "user_name": "oms", "permission": str(each)} for each in Permission]
            connection.execute(insert(user_permissions), held)

    def allow(self, *permissions: Permission) -> None:
        """From now on, these and no others."""
        with self.engine.begin() as connection:
            set_permissions(connection, self.tenant, "oms", permissions)

    def command(self, operation: str, payload: Any = None, **members: Any) -> JsonObject:
        made = {"id": f"c{next(self._ids)}", "operation": operation, "tenant": self.tenant}
        made["authorization"] = basic("oms", _PASSWORD)
        if payload is not None:
            made["payload"] = payload
        return made | members

    def run(self, *commands: JsonObject | bytes) -> list[JsonObject]:
        """Execute them as one batch; their outcome events."""
        with self.engine.begin() as connection:
            return self.execute(connection, *commands)

    def execute(self, connection: Connection, *commands: JsonObject | bytes) -> list[JsonObject]:
        """As `run`, in a transaction of the caller's."""
        raw = [command if isinstance(command, bytes) else written(command) for command in commands]
        cases = [case_of(0, Entry(f"{next(_numbers)}-0", len(each), each)) for each in raw]
        lock = PartitionLock(connection, -1, None)  # of no partition: no entry is read again
        Batch(connection, self._authenticator, self._defaults, datetime.now(UTC), lock).execute(cases)
        return [json.loads(encode(case.outcome.event())) for case in cases if case.outcome is not None]

    def ask(self, operation: str, payload: Any = None, **members: Any) -> JsonObject:
        return self.run(self.command(operation, payload, **members))[0]

    def bulk(self, *items: Any, **members: Any) -> JsonObject:
        """A bulk of these items; `mode` and `stopAfter` go into its payload, the rest beside it."""
        inside = {name: members.pop(name) for name in ("mode", "stopAfter") if name in members}
        return self.ask("bulk.execute", {"items": list(items), **inside}, **members)

    def create(self, *msisdns: str, **fields: Any) -> None:
        outcome = self.bulk(*(new_subscriber(msisdn, **fields) for msisdn in msisdns))
        assert outcome["status"] == 200, outcome

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that the tenant owns, but for the order of creation and the journal. A last id of 0 is none."""
        owned = [table for table in metadata.sorted_tables if table.name in _OWNED]
        with self.engine.begin() as connection:
            return {
                table.name: sorted(
                    (
                        tuple(value for name, value in row.items() if name not in ("tenant", "created"))
                        for row in connection.execute(select(table).where(table.c.tenant == self.tenant)).mappings()
                        if row.get("last_id") != 0
                    ),
                    key=repr,
                )
                for table in owned
            }

    def journaled(self) -> set[str]:
        """The ids of the commands that are remembered."""
        with self.engine.begin() as connection:
            return set(connection.scalars(select(journal.c.command_id).where(journal.c.tenant == self.tenant)))


_OWNED = {"subscribers", "provisioning_profiles", "plan_definitions", "pcc_profiles", "last_ids"}


def written(command: JsonObject) -> bytes:
    return json.dumps(command, ensure_ascii=False).encode()


def new_subscriber(msisdn: str, id: str | None = None, **fields: Any) -> JsonObject:  # noqa: A002
    return item("subscriber.create", {"msisdn": msisdn, **fields}, id=id, msisdn=msisdn)


def get_subscriber(msisdn: Any, id: str | None = None) -> JsonObject:  # noqa: A002
    return item("subscriber.get", id=id, msisdn=msisdn)


def plan(number: int) -> JsonObject:
    """A plan definition's payload."""
    period = {"validityPeriod": "1day"}
    return {"name": f"plan {number}", "unitAmount": "1", "unitMeteringType": "TIME", "validityPeriod": period}


def pcc(number: int) -> JsonObject:
    """A PCC profile's payload."""
    return {"alias": f"pcc {number}", "threshold": False, "precedence": 1}


def item(operation: str, payload: Any = None, id: str | None = None, **params: Any) -> JsonObject:  # noqa: A002
    """A bulk's item."""
    made: JsonObject = {"operation": operation}
    if id is not None:
        made["id"] = id
    if params:
        made["params"] = params
    if payload is not None:
        made["payload"] = payload
    return made


def from_item(item_id: str, member: str) -> JsonObject:
    """A reference."""
    return {"fromItem": item_id, "member": member}


def statuses(outcome: JsonObject) -> list[Any]:
    return [each["status"] for each in outcome["data"]["items"]]


def reasons(outcome: JsonObject) -> list[Any]:
    return [each.get("reason") for each in outcome["data"]["items"]]


def faults(outcome: JsonObject) -> list[tuple[str, str]]:
    """What a 412 says."""
    assert outcome["status"] == 412, outcome
    return [(error["field"], error["description"]) for error in outcome["data"]["errors"]]


def fields_at_fault(outcome: JsonObject) -> Iterable[str]:
    return [field for field, _ in faults(outcome)]
