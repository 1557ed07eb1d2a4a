"""What is asked of the worker: each scenario makes the same commands whenever it is asked for so many."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from spcm_client.commands import basic_authorization
from spcm_client.partitions import DEFAULT_PARTITIONS, partition_of_operation

PARTITIONS = DEFAULT_PARTITIONS
TENANT = "acme"
USER = "oms"
PASSWORD = "s3cret"
_AUTHORIZATION = basic_authorization(USER, PASSWORD)

NUMBERS = 10**9
FACTOR = 3**18
OFFSET = 871_234_567
"""Numbers are scattered over all there are, as those of real subscribers: none falls where an index was just used."""

MIX_EXISTING = 100_000
NEW_FROM = 10_000_000
"""The first subscriber that no table has yet."""


class Number(NamedTuple):
    """How a subscriber's number is spelt."""

    prefix: str
    digits: int

    def spell(self, number: int) -> str:
        return f"{self.prefix}{number:0{self.digits}d}"


MSISDN = Number("0", 9)
IMSI = Number("272", 12)
IMEI = Number("35", 13)


@dataclass(slots=True)
class Load:
    """Commands with their partitions, and what must come of them.

    How many outcomes of each status, how many subscribers more than before, and how many commands remembered.
    """

    commands: list[tuple[int, bytes]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    growth: int = 0
    journaled: int = 0
    existing: int = 0
    tenants: tuple[str, ...] = (TENANT,)
    prefix: str = "c"

    def add(
        self,
        status: int,
        operation: str,
        params: dict[str, Any] | None = None,
        payload: dict[str, Any] | None = None,
        tenant: str = TENANT,
    ) -> None:
        """One more command, in its partition."""
        members: dict[str, Any] = {
            "id": f"{self.prefix}-{len(self.commands)}",
            "operation": operation,
            "tenant": tenant,
            "authorization": _AUTHORIZATION,
        }
        if params is not None:
            members["params"] = params
        if payload is not None:
            members["payload"] = payload
        partition = partition_of_operation(operation, params, tenant, PARTITIONS)
        self.commands.append((partition, orjson.dumps(members)))
        self.statuses[status] += 1
        self.growth += {("subscriber.create", 201): 1, ("subscriber.delete", 200): -1}.get((operation, status), 0)
        self.journaled += status != 412 and not operation.endswith(".get")

    def create(self, i: int, tenant: str = TENANT, status: int = 201, **changed: Any) -> None:
        """A new subscriber, with the documents' sample as its payload."""
        payload = payload_of(subscriber_number(i)) | changed
        self.add(status, "subscriber.create", {"msisdn": payload["msisdn"]}, payload, tenant)


def subscriber_number(i: int) -> int:
    return (i * FACTOR + OFFSET) % NUMBERS


def payload_of(number: int) -> dict[str, Any]:
    """The documents' sample subscriber, with numbers of its own."""
    return {
        "msisdn": MSISDN.spell(number),
        "imsi": IMSI.spell(number),
        "alternateNotificationMsisdn": MSISDN.spell(number),
        "paymentType": "postpaid",
        "class": "Standard",
        "locale": "en",
        "status": "active",
        "dpsEnabled": False,
        "dpsNotification": False,
        "eosNotification": True,
        "paygNotification": True,
        "imei": IMEI.spell(number),
        "zone": "TEST_LZ_Mumbai",
        "renewalDayOfMonth": 15,
        "tag": "treatOftheWeek",
    }


def warm_up(tenants: tuple[str, ...], count: int, prefix: str) -> Load:
    """Commands for all partitions, of subscribers that no scenario is about; created, or there already."""
    load = Load(tenants=tenants, prefix=prefix)
    for i in range(count):
        load.create(2 * NEW_FROM + i, tenants[i % len(tenants)])
    return load


def new(count: int, start: int = 0) -> Load:
    """All new subscribers; `start` is how many were made before."""
    load = Load(prefix=f"new-{start}")
    for i in range(count):
        load.create(NEW_FROM + start + i)
    return load


def mix(count: int) -> Load:
    """40 % create, 40 % update, 15 % get, 5 % delete, over 100,000 subscribers."""
    load = Load(existing=MIX_EXISTING)
    chance = random.Random(count)
    gone = iter(chance.sample(range(MIX_EXISTING), count // 10))
    removed: set[int] = set()
    for i in range(count):
        draw = chance.random()
        if draw < 0.4:
            load.create(NEW_FROM + i)
            continue
        which = chance.randrange(MIX_EXISTING)
        status = 404 if which in removed else 200
        at = {"msisdn": MSISDN.spell(subscriber_number(which))}
        if draw < 0.8:
            load.add(status, "subscriber.update", at, {"status": "barred", "zone": f"zone {i % 100}"})
        elif draw < 0.95:
            load.add(status, "subscriber.get", at)
        else:
            which = next(gone)
            removed.add(which)
            load.add(200, "subscriber.delete", {"msisdn": MSISDN.spell(subscriber_number(which))})
    return load


def catalog(count: int) -> Load:
    """Plans with their PCC profiles, and provisioning profiles: all in one partition, in their order."""
    load = Load()
    for i in range(count):
        plan = i // 5 + 1
        match i % 5:
            case 0:
                load.add(201, "planDefinition.create", payload=_plan(plan))
            case 1:
                pcc = {"alias": "Default", "qosProfileName": "QoS Default", "threshold": False, "precedence": 1}
                load.add(201, "pccProfile.create", {"planDefinitionId": plan}, pcc)
            case 2:
                load.add(204, "planDefinition.finalise", {"planDefinitionId": plan})
            case 3:
                profile = {"name": f"profile {plan}", "defaultProfile": False, "locale": "en"}
                load.add(201, "provisionProfile.create", payload=profile)
            case _:
                load.add(200, "planDefinition.get", {"planDefinitionId": plan})
    return load


def faults(count: int) -> Load:
    """New subscribers, of which 1 % are invalid and 1 % are there already."""
    load = Load()
    for i in range(count):
        if i % 100 == 50:
            load.create(NEW_FROM + i, status=412, renewalDayOfMonth=32)
        elif i % 100 == 99:
            load.create(NEW_FROM + i - 1, status=409)
        else:
            load.create(NEW_FROM + i)
    return load


def hot(count: int) -> Load:
    """One subscriber, created and then changed again and again: one partition, and one row."""
    load = Load()
    load.create(NEW_FROM)
    at = {"msisdn": MSISDN.spell(subscriber_number(NEW_FROM))}
    for i in range(1, count):
        load.add(200, "subscriber.update", at, {"zone": f"zone {i % 100}"})
    return load


def tenants(count: int) -> Load:
    """New subscribers of 20 tenants, by turns."""
    names = tuple(f"tenant-{i}" for i in range(20))
    load = Load(tenants=names)
    for i in range(count):
        load.create(NEW_FROM + i, names[i % 20])
    return load


SCENARIOS: dict[str, Callable[[int], Load]] = {
    made.__name__: made for made in (new, mix, catalog, faults, hot, tenants)
}


def _plan(number: int) -> dict[str, Any]:
    return {
        "name": f"plan {number}",
        "unitAmount": "1000",
        "unitMeteringType": "VOLUME",
        "cost": 500,
        "validityPeriod": {"validityPeriod": "1week"},
        "grantedAmount": {"volumeAmount": 1000},
        "planPrecedence": 1,
        "recurring": True,
        "core": True,
    }
