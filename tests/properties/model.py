"""The rules of docs/reference.md over plain dicts, for commands whose values are of their form.

It knows nothing of our code: no batches, no locks, no database.
"""

import copy
import re
from collections.abc import Callable
from typing import Any

JsonObject = dict[str, Any]
LINKS = "http://localhost:8080/spcm-rest-ws/pcc/spcm/planDefinitions"
NAMES = ("qos", "service", "network", "device", "time", "location", "charging", "subscription")
PROFILE = ("name", "defaultProfile", "locale", "initialCorePlanName", "subscriberClass", "subscriberType")
FLAGS = ("dpsEnabled", "dpsNotification", "eosNotification", "paygNotification")
TAKEN = (("locale", "locale"), ("class", "subscriberClass"), *((flag, flag) for flag in FLAGS))
SUBSCRIBER: JsonObject = {
    "msisdn": None,
    "imsi": None,
    "alternateNotificationMsisdn": None,
    "paymentType": "unknown",
    "class": None,
    "locale": None,
    "status": "active",
    **dict.fromkeys(FLAGS, False),
    "imei": None,
    "zone": None,
    "renewalDayOfMonth": None,
    "qosCategoryName": None,
    "tag": None,
}
PLAN: JsonObject = {
    **dict.fromkeys(("name", "unitAmount", "unitMeteringType")),
    "cost": 0,
    **dict.fromkeys(("validityPeriod", "grantedAmount", "planPrecedence")),
    "recurring": False,
    "core": False,
    **dict.fromkeys(("summary", "description", "maxDeactivationCount")),
    "finalised": False,
    "current": True,
    "available": False,
}
READS = ("get", "list", "search")
CREATED = ("provisionProfile.create", "planDefinition.create", "pccProfile.create", "subscriber.create")
GONE = ("provisionProfile.delete", "planDefinition.finalise")


class Refused(Exception):
    """A status and its reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(status, reason)


class Tenant:
    """What a tenant has: bodies by id or msisdn, in the order of their creation."""

    def __init__(self) -> None:
        self.held: dict[str, dict[Any, JsonObject]] = {"profile": {}, "plan": {}, "pcc": {}, "subscriber": {}}
        self.ids = {"profile": 0, "plan": 0, "pcc": 0}
        self.journal: dict[str, tuple[Any, tuple[int, Any]]] = {}

    def execute(self, command: JsonObject) -> tuple[int, Any, bool]:
        """Its status, its body or reason, and whether that was told before."""
        operation, payload = command["operation"], command.get("payload", {})
        if "unknown" in payload:
            return 412, "validation-failed", False
        asked = (operation, command.get("params", {}), payload)
        if command["id"] in self.journal:
            before, told = self.journal[command["id"]]
            return (*told, True) if before == asked else (422, "command-id-reused", False)
        held = copy.deepcopy((self.held, self.ids)) if command.get("dryRun") else None
        told = self._decide(*asked)
        if held is not None:
            self.held, self.ids = held
        elif operation.split(".")[1] not in READS:
            self.journal[command["id"]] = asked, told
        return (*told, False)

    def _decide(self, operation: str, params: JsonObject, payload: JsonObject) -> tuple[int, Any]:
        resource, verb = operation.split(".")
        rule: Callable[[JsonObject, JsonObject], Any] = getattr(self, _snake(f"{verb}_{resource}"))
        try:
            data = copy.deepcopy(rule(params, payload))
        except Refused as refused:
            status, reason = refused.args
            return status, reason
        return 201 if operation in CREATED else 204 if operation in GONE else 200, data

    def create_provision_profile(self, _at: JsonObject, new: JsonObject) -> Any:
        self._free_profile(new, None)
        return self._add("profile", {name: new.get(name) for name in (*PROFILE, *FLAGS)})

    def get_provision_profile(self, at: JsonObject, _: JsonObject) -> Any:
        return self._find("profile", at["id"], "provision-profile-not-found")

    def list_provision_profile(self, _at: JsonObject, _: JsonObject) -> Any:
        profiles = list(self.held["profile"].values())
        return {"length": len(profiles), "provisioningProfileDTOList": profiles}

    def update_provision_profile(self, at: JsonObject, changes: JsonObject) -> Any:
        profile = self.get_provision_profile(at, {})
        self._free_profile(profile | changes, profile)
        profile.update(changes)
        return profile

    def delete_provision_profile(self, at: JsonObject, _: JsonObject) -> Any:
        self.get_provision_profile(at, {})
        del self.held["profile"][at["id"]]

    def create_plan_definition(self, _at: JsonObject, new: JsonObject) -> Any:
        if self._having("plan", name=new["name"]):
            raise Refused(409, "plan-definition-exists")
        if new.get("core") and not new.get("recurring"):
            raise Refused(422, "core-plan-not-recurring")
        return self._add("plan", PLAN | new)

    def get_plan_definition(self, at: JsonObject, _: JsonObject) -> Any:
        return self._find("plan", at["planDefinitionId"], "plan-definition-not-found")

    def search_plan_definition(self, at: JsonObject, _: JsonObject) -> Any:
        found = self._having("plan", **at)
        return {"length": len(found), "planDefinition": found}

    def finalise_plan_definition(self, at: JsonObject, _: JsonObject) -> Any:
        plan = self.get_plan_definition(at, {})
        if not self._pccs(plan):
            raise Refused(422, "no-pcc-profile")
        plan.update(finalised=True, available=True)

    def create_pcc_profile(self, at: JsonObject, new: JsonObject) -> Any:
        plan = self._open_plan(at)
        self._free_alias(plan, new["alias"])
        body = {"alias": new["alias"], **{f"{name}ProfileName": new.get(f"{name}ProfileName") for name in NAMES}}
        body |= {name: new.get(name) for name in ("threshold", "meteringPercentage", "precedence")}
        made = self._add("pcc", body)
        made["_links"] = {"self": {"href": f"{LINKS}/{plan['id']}/pccProfiles/{made['id']}"}}
        return made

    def get_pcc_profile(self, at: JsonObject, _: JsonObject) -> Any:
        plan = self.get_plan_definition(at, {})
        pcc = self._find("pcc", at["pccProfileId"], "pcc-profile-not-found")
        if pcc not in self._pccs(plan):
            raise Refused(404, "pcc-profile-not-found")
        return pcc

    def list_pcc_profile(self, at: JsonObject, _: JsonObject) -> Any:
        profiles = sorted(self._pccs(self.get_plan_definition(at, {})), key=lambda pcc: (pcc["precedence"], pcc["id"]))
        href = f"{LINKS}/{at['planDefinitionId']}/pccProfiles"
        return {"_links": {"self": {"href": href}}, "_embedded": {"pccProfiles": profiles}}

    def update_pcc_profile(self, at: JsonObject, changes: JsonObject) -> Any:
        pcc = self.get_pcc_profile(at, {})
        plan = self._open_plan(at)
        if changes.get("alias", pcc["alias"]) != pcc["alias"]:
            self._free_alias(plan, changes["alias"])
        pcc.update(changes)
        return pcc

    def delete_pcc_profile(self, at: JsonObject, _: JsonObject) -> Any:
        self.get_pcc_profile(at, {})
        self._open_plan(at)
        del self.held["pcc"][at["pccProfileId"]]
        return {}

    def create_subscriber(self, at: JsonObject, new: JsonObject) -> Any:
        name = at.get("provisionProfile")
        profiles = self._having("profile", name=name) if name else self._having("profile", defaultProfile=True)
        if name and not profiles:
            raise Refused(404, "provision-profile-not-found")
        if at["msisdn"] in self.held["subscriber"]:
            raise Refused(409, "subscriber-exists")
        self._free_imsi(new.get("imsi"), None)
        made = dict(SUBSCRIBER)
        for profile in profiles:
            made |= {to: profile[of] for to, of in TAKEN if profile[of] is not None}
            kind = (profile["subscriberType"] or "unknown").lower()
            made["paymentType"] = kind if kind in ("prepaid", "postpaid") else "unknown"
        made |= _lower({field: value for field, value in new.items() if value is not None})
        self.held["subscriber"][at["msisdn"]] = made
        return made

    def get_subscriber(self, at: JsonObject, _: JsonObject) -> Any:
        return self._find("subscriber", at["msisdn"], "subscriber-not-found")

    def search_subscriber(self, at: JsonObject, _: JsonObject) -> Any:
        found = self._having("subscriber", **at)
        if not found:
            raise Refused(404, "subscriber-not-found")
        return found[-1]

    def update_subscriber(self, at: JsonObject, changes: JsonObject) -> Any:
        subscriber = self.get_subscriber(at, {})
        self._free_imsi(changes.get("imsi"), subscriber)
        subscriber.update(_changed(changes))
        return subscriber

    def delete_subscriber(self, at: JsonObject, _: JsonObject) -> Any:
        self.get_subscriber(at, {})
        del self.held["subscriber"][at["msisdn"]]
        return {}

    def batch_update_subscriber(self, _at: JsonObject, update: JsonObject) -> Any:
        found = self._having("subscriber", tag=update["filter"]["tag"])
        for subscriber in found:
            subscriber.update(_changed(update["subscriber"]))
        return {"updated": len(found)}

    def _add(self, kind: str, body: JsonObject) -> JsonObject:
        self.ids[kind] += 1
        made = self.held[kind][self.ids[kind]] = {"id": self.ids[kind], **body}
        return made

    def _find(self, kind: str, key: Any, reason: str) -> JsonObject:
        if key not in self.held[kind]:
            raise Refused(404, reason)
        return self.held[kind][key]

    def _having(self, kind: str, **values: Any) -> list[JsonObject]:
        return [body for body in self.held[kind].values() if values.items() <= body.items()]

    def _pccs(self, plan: JsonObject) -> list[JsonObject]:
        links = f"{LINKS}/{plan['id']}/"
        return [pcc for pcc in self.held["pcc"].values() if pcc["_links"]["self"]["href"].startswith(links)]

    def _open_plan(self, at: JsonObject) -> JsonObject:
        plan: JsonObject = self.get_plan_definition(at, {})
        if plan["finalised"]:
            raise Refused(409, "plan-definition-finalised")
        return plan

    def _free_profile(self, wanted: JsonObject, but: JsonObject | None) -> None:
        if any(other is not but for other in self._having("profile", name=wanted["name"])):
            raise Refused(409, "provision-profile-exists")
        if wanted["defaultProfile"] and any(p is not but for p in self._having("profile", defaultProfile=True)):
            raise Refused(409, "default-profile-exists")

    def _free_alias(self, plan: JsonObject, alias: str) -> None:
        if any(pcc["alias"] == alias for pcc in self._pccs(plan)):
            raise Refused(409, "pcc-profile-exists")

    def _free_imsi(self, imsi: str | None, but: JsonObject | None) -> None:
        if imsi is not None and any(each is not but for each in self._having("subscriber", imsi=imsi)):
            raise Refused(409, "imsi-in-use")


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name)


def _lower(fields: JsonObject) -> JsonObject:
    return {name: value.lower() if name in ("paymentType", "status") else value for name, value in fields.items()}


def _changed(changes: JsonObject) -> JsonObject:
    """Null goes back to the default."""
    nulls = {name: SUBSCRIBER[name] for name, value in changes.items() if value is None}
    return _lower({name: value for name, value in changes.items() if value is not None}) | nulls
