"""The operations as docs/reference.md tells them, each with its refusals, about the tenant of tests.contract.scene.

Written down from the document, not taken from the program's own table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.contract.scene import (
    ADA,
    ADA_TOLD,
    FIRST,
    GOLD_TOLD,
    LINKS,
    STANDARD_TOLD,
    TURKEY,
    definition_told,
    pcc_told,
    profile_told,
)


@dataclass(frozen=True)
class Refusal:
    """A status of 404, 409 or 422, and what is asked instead of what the operation's row asks."""

    status: int
    reason: str
    params: Mapping[str, Any] | None = None
    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Described:
    """One row of the reference: what is asked of the scene, and what comes of it.

    `params` holds mandatory ones, `optional` values of the others; `about` is the subject of a refusal.
    """

    permission: str
    status: int
    data: Any
    params: Mapping[str, Any] = field(default_factory=dict)
    optional: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] | None = None
    subject: str | None = None
    about: str | None = None
    refusals: tuple[Refusal, ...] = ()


def _unknown(reason: str, params: Mapping[str, Any], name: str, *values: Any) -> tuple[Refusal, ...]:
    return tuple(Refusal(404, reason, {**params, name: value}) for value in values)


def _one(subject: str) -> dict[str, Any]:
    """The subject of an operation on what is there already."""
    return {"subject": subject, "about": subject}


_PROFILE: dict[str, Any] = {"params": {"id": 1}, **_one("provisionProfile/1")}
_NO_PROFILE = _unknown("provision-profile-not-found", {}, "id", 99, 0, -1, 2**53 - 1)
_PLAN: dict[str, Any] = {"params": {"planDefinitionId": 1}}
_NO_PLAN = _unknown("plan-definition-not-found", {}, "planDefinitionId", 99, 0, -7)
_PCC: dict[str, Any] = {
    "params": {"planDefinitionId": 1, "pccProfileId": 1},
    **_one("planDefinitions/1/pccProfiles/1"),
}
_NO_PCC = (
    *_unknown("plan-definition-not-found", {"pccProfileId": 1}, "planDefinitionId", 99, 0),
    *_unknown("pcc-profile-not-found", {"planDefinitionId": 1}, "pccProfileId", 99, 0, -1),
    # Of another plan definition; and unknown, which comes before finalised.
    Refusal(404, "pcc-profile-not-found", {"planDefinitionId": 1, "pccProfileId": 3}),
    Refusal(404, "pcc-profile-not-found", {"planDefinitionId": 2, "pccProfileId": 1}),
)
_SEALED = Refusal(409, "plan-definition-finalised", {"planDefinitionId": 2, "pccProfileId": 3})
_SUBSCRIBER: dict[str, Any] = {"params": {"msisdn": "0871"}, **_one("subscribers/0871")}
_NO_SUBSCRIBER = _unknown("subscriber-not-found", {}, "msisdn", "0999", "+0871", "0872")

DESCRIBED: dict[str, Described] = {
    "provisionProfile.create": Described(
        "PROVISION_PROFILE_CREATE",
        201,
        profile_told(3, {"name": "new", "defaultProfile": False}),
        payload={"name": "new", "defaultProfile": False},
        subject="provisionProfile/3",
        refusals=(
            Refusal(409, "provision-profile-exists", payload={"name": "gold", "defaultProfile": False}),
            Refusal(409, "provision-profile-exists", payload={"name": "gold", "defaultProfile": True}),
            Refusal(409, "default-profile-exists", payload={"name": "new", "defaultProfile": True}),
        ),
    ),
    "provisionProfile.get": Described("PROVISION_PROFILE_READ", 200, GOLD_TOLD, **_PROFILE, refusals=_NO_PROFILE),
    "provisionProfile.list": Described(
        "PROVISION_PROFILE_READ", 200, {"length": 2, "provisioningProfileDTOList": [GOLD_TOLD, STANDARD_TOLD]}
    ),
    "provisionProfile.update": Described(
        "PROVISION_PROFILE_UPDATE",
        200,
        GOLD_TOLD | {"locale": "en_IE", "subscriberClass": None},
        **_PROFILE,
        payload={"locale": "en_IE", "subscriberClass": None},
        refusals=(
            *_NO_PROFILE,
            Refusal(409, "provision-profile-exists", payload={"name": "standard", "defaultProfile": True}),
            Refusal(409, "default-profile-exists", payload={"defaultProfile": True}),
        ),
    ),
    "provisionProfile.delete": Described("PROVISION_PROFILE_DELETE", 204, None, **_PROFILE, refusals=_NO_PROFILE),
    "planDefinition.create": Described(
        "PLAN_DEFINITION_CREATE",
        201,
        definition_told(4, "new"),
        payload=TURKEY | {"name": "new"},
        subject="planDefinitions/4",
        refusals=(
            Refusal(409, "plan-definition-exists", payload=TURKEY),
            Refusal(409, "plan-definition-exists", payload=TURKEY | {"core": True}),
            Refusal(422, "core-plan-not-recurring", payload=TURKEY | {"name": "new", "core": True}),
            Refusal(422, "core-plan-not-recurring", payload=TURKEY | {"name": "new", "core": True, "recurring": False}),
        ),
    ),
    "planDefinition.get": Described(
        "PLAN_DEFINITION_READ",
        200,
        definition_told(1, "turkey"),
        **_PLAN,
        **_one("planDefinitions/1"),
        refusals=_NO_PLAN,
    ),
    "planDefinition.search": Described(
        "PLAN_DEFINITION_READ",
        200,
        {
            "length": 3,
            "planDefinition": [
                definition_told(1, "turkey"),
                definition_told(2, "sealed", finalised=True),
                definition_told(3, "bare"),
            ],
        },
        optional={"name": "turkey", "current": True},
    ),
    "planDefinition.finalise": Described(
        "PLAN_DEFINITION_CREATE",
        204,
        None,
        **_PLAN,
        **_one("planDefinitions/1"),
        refusals=(*_NO_PLAN, Refusal(422, "no-pcc-profile", {"planDefinitionId": 3})),
    ),
    "pccProfile.create": Described(
        "PLAN_DEFINITION_CREATE",
        201,
        pcc_told(4, 1, "New", 5),
        **_PLAN,
        payload={"alias": "New", "threshold": False, "precedence": 5},
        subject="planDefinitions/1/pccProfiles/4",
        about="planDefinitions/1",
        refusals=(
            *_NO_PLAN,
            Refusal(409, "plan-definition-finalised", {"planDefinitionId": 2}, FIRST),
            Refusal(409, "pcc-profile-exists", payload=FIRST),
        ),
    ),
    "pccProfile.get": Described("PLAN_DEFINITION_READ", 200, pcc_told(1, 1, "First", 2), **_PCC, refusals=_NO_PCC),
    "pccProfile.list": Described(
        "PLAN_DEFINITION_READ",
        200,
        {
            "_links": {"self": {"href": f"{LINKS}/1/pccProfiles"}},
            "_embedded": {"pccProfiles": [pcc_told(2, 1, "Second", 1), pcc_told(1, 1, "First", 2)]},
        },
        **_PLAN,
        refusals=_NO_PLAN,
    ),
    "pccProfile.update": Described(
        "PLAN_DEFINITION_CREATE",
        200,
        pcc_told(1, 1, "First", 1, qosProfileName="Fast"),
        **_PCC,
        payload={"precedence": 1, "qosProfileName": "Fast"},
        refusals=(*_NO_PCC, _SEALED, Refusal(409, "pcc-profile-exists", payload={"alias": "Second"})),
    ),
    "pccProfile.delete": Described("PLAN_DEFINITION_DELETE", 200, {}, **_PCC, refusals=(*_NO_PCC, _SEALED)),
    "subscriber.create": Described(
        "SUBSCRIBER_CREATE",
        201,
        ADA_TOLD
        | {"msisdn": "0873", "imsi": None, "imei": None, "tag": None, "paymentType": "unknown", "class": "Standard"},
        params={"msisdn": "0873"},
        optional={"provisionProfile": "gold"},
        payload={"msisdn": "0873"},
        **_one("subscribers/0873"),
        refusals=(
            Refusal(404, "provision-profile-not-found", {"msisdn": "0873", "provisionProfile": "Gold"}),
            Refusal(404, "provision-profile-not-found", {"msisdn": "0871", "provisionProfile": "no"}, ADA),
            Refusal(409, "subscriber-exists", {"msisdn": "0871"}, {"msisdn": "0871", "imsi": "872"}),
            Refusal(409, "imsi-in-use", payload={"msisdn": "0873", "imsi": "871"}),
        ),
    ),
    "subscriber.get": Described("SUBSCRIBER_READ", 200, ADA_TOLD, **_SUBSCRIBER, refusals=_NO_SUBSCRIBER),
    "subscriber.search": Described(
        "SUBSCRIBER_READ",
        200,
        ADA_TOLD,
        params={"imsi": "871"},
        refusals=(
            Refusal(404, "subscriber-not-found", {"imsi": "0871"}),
            Refusal(404, "subscriber-not-found", {"imei": "01234567890120"}),
        ),
    ),
    "subscriber.update": Described(
        "SUBSCRIBER_UPDATE",
        200,
        ADA_TOLD | {"zone": "Dublin", "tag": None, "paymentType": "unknown"},
        **_SUBSCRIBER,
        payload={"zone": "Dublin", "tag": None, "paymentType": None},
        refusals=(*_NO_SUBSCRIBER, Refusal(409, "imsi-in-use", payload={"imsi": "872"})),
    ),
    "subscriber.delete": Described("SUBSCRIBER_DELETE", 200, {}, **_SUBSCRIBER, refusals=_NO_SUBSCRIBER),
    "subscriber.batchUpdate": Described(
        "SUBSCRIBER_UPDATE",
        200,
        {"updated": 1},
        payload={"filter": {"tag": "week"}, "subscriber": {"zone": "Dublin"}},
    ),
}
"""By operation."""

BULKS = {"bulk.execute"}
"""They have no params and no permission of their own, and are told in test_bulk.py."""
