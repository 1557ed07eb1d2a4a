"""What a tenant of the tests has from the start: each kind of resource, in each state that a rule asks about."""

from typing import Any

from tests.contract.installation import Sender

LINKS = "http://localhost:8080/spcm-rest-ws/pcc/spcm/planDefinitions"

GOLD: dict[str, Any] = {
    "name": "gold",
    "defaultProfile": False,
    "locale": "ja",
    "initialCorePlanName": "turkey",
    "subscriberClass": "Gold",
    "subscriberType": "PREPAID",
    "dpsEnabled": True,
    "dpsNotification": True,
    "eosNotification": None,
    "paygNotification": True,
}
STANDARD: dict[str, Any] = {"name": "standard", "defaultProfile": True, "subscriberClass": "Standard"}
TURKEY: dict[str, Any] = {
    "name": "turkey",
    "unitAmount": "1000",
    "unitMeteringType": "VOLUME",
    "validityPeriod": {"validityPeriod": "1week"},
}
FIRST: dict[str, Any] = {"alias": "First", "threshold": False, "precedence": 2}
ADA: dict[str, Any] = {
    "msisdn": "0871",
    "imsi": "871",
    "paymentType": "postpaid",
    "class": "Gold",
    "imei": "01234567890129",
    "tag": "week",
}
BEN: dict[str, Any] = {"msisdn": "+0872", "imsi": "872"}

ADA_TOLD: dict[str, Any] = {
    "msisdn": "0871",
    "imsi": "871",
    "alternateNotificationMsisdn": None,
    "paymentType": "postpaid",
    "class": "Gold",
    "locale": None,
    "status": "active",
    "dpsEnabled": False,
    "dpsNotification": False,
    "eosNotification": False,
    "paygNotification": False,
    "imei": "01234567890129",
    "zone": None,
    "renewalDayOfMonth": None,
    "qosCategoryName": None,
    "tag": "week",
}


def profile_told(number: int, given: dict[str, Any]) -> dict[str, Any]:
    """A provisioning profile's body, members in the reference's order."""
    return {"id": number, **{name: given.get(name) for name in GOLD}}


GOLD_TOLD = profile_told(1, GOLD)
STANDARD_TOLD = profile_told(2, STANDARD)


def definition_told(number: int, name: str, *, finalised: bool = False) -> dict[str, Any]:
    """The body of a plan definition like TURKEY."""
    return {
        "id": number,
        "name": name,
        "unitAmount": "1000",
        "unitMeteringType": "VOLUME",
        "cost": 0,
        "validityPeriod": {"validityPeriod": "1week"},
        "grantedAmount": None,
        "planPrecedence": None,
        "recurring": False,
        "core": False,
        "summary": None,
        "description": None,
        "maxDeactivationCount": None,
        "finalised": finalised,
        "current": True,
        "available": finalised,
    }


def pcc_told(number: int, definition: int, alias: str, precedence: int, **given: Any) -> dict[str, Any]:
    """The body of a pcc profile like FIRST."""
    kinds = ("qos", "service", "network", "device", "time", "location", "charging", "subscription")
    told = {
        "id": number,
        "alias": alias,
        **{f"{kind}ProfileName": None for kind in kinds},
        "threshold": False,
        "meteringPercentage": None,
        "precedence": precedence,
        "_links": {"self": {"href": f"{LINKS}/{definition}/pccProfiles/{number}"}},
    }
    return told | given


def set_up(sender: Sender) -> None:
    """Make it.

    Profiles 1 gold and 2 standard, the default; definitions 1 turkey with pcc profiles 1 First and 2 Second, 2 sealed
    with 3 First, finalised, and 3 bare without any; subscribers 0871 and +0872.
    """
    create = sender.command
    at = {"planDefinitionId": 1}
    events = sender.run(
        create("provisionProfile.create", GOLD),
        *(create("planDefinition.create", TURKEY | {"name": name}) for name in ("turkey", "sealed", "bare")),
        create("pccProfile.create", FIRST, params=at),
        create("pccProfile.create", FIRST | {"alias": "Second", "precedence": 1}, params=at),
        create("pccProfile.create", FIRST, params={"planDefinitionId": 2}),
        create("planDefinition.finalise", params={"planDefinitionId": 2}),
        create("subscriber.create", ADA, params={"msisdn": "0871"}),
        create("subscriber.create", BEN, params={"msisdn": "+0872"}),
    )
    # Only now: a subscriber takes values from the default profile.
    events += sender.run(create("provisionProfile.create", STANDARD))
    assert [event["status"] for event in events] == [201, 201, 201, 201, 201, 201, 201, 204, 201, 201, 201], events
