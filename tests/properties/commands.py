"""Random commands about a handful of things, so that they often meet.

They come from a seed: Hypothesis, left to choose every value, repeats itself so much that hardly a create succeeds.
"""

from random import Random
from typing import Any

JsonObject = dict[str, Any]

MSISDNS = ("1", "2", "3", "+1")
IMEIS = ("0" * 14, "1" * 15)
PLAN: JsonObject = {"unitAmount": "1", "unitMeteringType": "TIME", "validityPeriod": {"validityPeriod": "1day"}}
FLAG = (True, False, None)
SUBSCRIBER: dict[str, tuple[Any, ...]] = {
    "imsi": ("7", "8", "9", None),
    "paymentType": ("PREPAID", "postpaid", None),
    "class": ("gold", None),
    "status": ("Barred", "active", None),
    "dpsEnabled": FLAG,
    "eosNotification": FLAG,
    "imei": (*IMEIS, None),
    "zone": ("é\u202e", None),
    "renewalDayOfMonth": (0, 31, None),
    "tag": ("a", "b", None),
}
PROFILE: dict[str, tuple[Any, ...]] = {
    "locale": ("en", "ja_JP", None),
    "subscriberClass": ("silver", None),
    "subscriberType": ("PREPAID", "hybrid", None),
    "dpsEnabled": FLAG,
    "paygNotification": FLAG,
}
DEFINITION: dict[str, tuple[Any, ...]] = {
    "cost": (0, 2**53 - 1),
    "core": (True, False),
    "recurring": (True, False),
    "summary": ("", "s"),
}
PCC: dict[str, tuple[Any, ...]] = {"qosProfileName": ("q", None), "meteringPercentage": (0, 100, None)}
NAMES = "uvwxyz"


def random_commands(seed: int) -> list[JsonObject]:
    """Fifty commands, without tenant and authorization; in two of three cases there is something of each kind first.

    Some are an earlier one again, some have an id that others have too, some are dry runs.
    """
    random = Random(seed)
    sent = scene() if seed % 3 else []
    while len(sent) < 50:
        identity = random.choice(["new"] * 14 + ["again"] * 3 + ["c1", "c2", "c3"])
        if identity == "again" and sent:
            made = random.choice(sent)
        else:
            made = _asked(random) | {"id": identity if identity[0] == "c" else f"n{len(sent)}"}
        sent.append({**made, "dryRun": True} if random.random() < 0.15 else made)
    return sent


def scene() -> list[JsonObject]:
    """Something of each kind."""
    pcc = {"threshold": True, "precedence": 3}
    asked: list[tuple[str, JsonObject, JsonObject]] = [
        ("provisionProfile.create", {}, {"name": "x", "defaultProfile": True, "subscriberType": "Prepaid"}),
        ("provisionProfile.create", {}, {"name": "y", "defaultProfile": False}),
        ("planDefinition.create", {}, PLAN | {"name": "x"}),
        ("planDefinition.create", {}, PLAN | {"name": "y"}),
        ("pccProfile.create", {"planDefinitionId": 1}, pcc | {"alias": "x"}),
        ("pccProfile.create", {"planDefinitionId": 1}, pcc | {"alias": "y"}),
        ("subscriber.create", {"msisdn": "1"}, {"msisdn": "1", "imsi": "7", "imei": IMEIS[0], "tag": "a"}),
        ("subscriber.create", {"msisdn": "2"}, {"msisdn": "2", "imsi": "8", "imei": IMEIS[0], "tag": "a"}),
    ]
    return [_command(*each) | {"id": f"s{place}"} for place, each in enumerate(asked)]


def everything() -> list[JsonObject]:
    """Reads of all that there can be."""
    reads = [_command("provisionProfile.list"), _command("planDefinition.search")]
    reads += [_command("subscriber.get", {"msisdn": msisdn}) for msisdn in MSISDNS]
    reads += [_command("subscriber.search", {"imei": imei}) for imei in IMEIS]
    reads += [_command("pccProfile.list", {"planDefinitionId": plan}) for plan in range(1, 8)]
    return [read | {"id": f"r{place}"} for place, read in enumerate(reads)]


def _asked(random: Random) -> JsonObject:
    resource = random.choice((_subscriber, _subscriber, _profile, _plan))
    command = resource(random)
    if "payload" in command and random.random() < 0.05:
        command["payload"]["unknown"] = 1
    return command


def _subscriber(random: Random) -> JsonObject:
    at = {"msisdn": random.choice(MSISDNS)}
    fields = _some(random, SUBSCRIBER)
    match random.choice(("create", "create", "create", "update", "update", "get", "delete", "imsi", "imei", "tag")):
        case "create":
            named = {"provisionProfile": random.choice(NAMES)} if random.random() < 0.3 else {}
            return _command("subscriber.create", at | named, at | fields)
        case "update":
            return _command("subscriber.update", at, fields)
        case "imsi":
            return _command("subscriber.search", {"imsi": random.choice("789")})
        case "imei":
            return _command("subscriber.search", {"imei": random.choice(IMEIS)})
        case "tag":
            fields.pop("imsi", None)
            sent = {"filter": {"tag": random.choice("ab")}, "subscriber": fields}
            return _command("subscriber.batchUpdate", None, sent)
        case verb:
            return _command(f"subscriber.{verb}", at)


def _profile(random: Random) -> JsonObject:
    at = {"id": random.choice((0, 1, 1, 2, 2, 3, 4))}
    default = {"defaultProfile": random.random() < 0.25}
    name = {"name": random.choice(NAMES)}
    fields = _some(random, PROFILE)
    match random.choice(("create", "create", "update", "update", "rename", "get", "delete", "list")):
        case "create":
            return _command("provisionProfile.create", None, name | default | fields)
        case "update":
            return _command("provisionProfile.update", at, default | fields)
        case "rename":
            return _command("provisionProfile.update", at, name | fields)
        case "list":
            return _command("provisionProfile.list")
        case verb:
            return _command(f"provisionProfile.{verb}", at)


def _plan(random: Random) -> JsonObject:
    plan = {"planDefinitionId": random.choice((1, 1, 2, 2, 3, 4))}
    pcc = plan | {"pccProfileId": random.choice((1, 1, 2, 2, 3, 4, 5))}
    name, alias = {"name": random.choice(NAMES)}, {"alias": random.choice(NAMES)}
    rest = {"threshold": random.random() < 0.5, "precedence": random.randint(1, 5)}
    fields = _some(random, PCC)
    match random.choice(
        ("create", "search", "finalise", "get", "add", "add", "add", "change", "rename", "see", "list", "drop")
    ):
        case "create":
            return _command("planDefinition.create", None, PLAN | name | _some(random, DEFINITION))
        case "search":
            return _command("planDefinition.search", _some(random, {"name": tuple(NAMES), "current": (True, False)}))
        case "add":
            return _command("pccProfile.create", plan, alias | rest | fields)
        case "change":
            return _command("pccProfile.update", pcc, rest | fields)
        case "rename":
            return _command("pccProfile.update", pcc, alias | fields)
        case "list":
            return _command("pccProfile.list", plan)
        case "see":
            return _command("pccProfile.get", pcc)
        case "drop":
            return _command("pccProfile.delete", pcc)
        case verb:
            return _command(f"planDefinition.{verb}", plan)


def _some(random: Random, fields: dict[str, tuple[Any, ...]]) -> JsonObject:
    """Each field in one of three cases."""
    return {name: random.choice(values) for name, values in fields.items() if random.random() < 0.35}


def _command(operation: str, params: JsonObject | None = None, payload: JsonObject | None = None) -> JsonObject:
    given = {"operation": operation, "params": params, "payload": payload}
    return {name: value for name, value in given.items() if value is not None}
