"""Resources, with few words, and how they get into a source."""

from typing import Any

from domain.pcc_profiles import PCC_PROFILES, PccProfile
from domain.plan_definitions import PLAN_DEFINITIONS, PlanDefinition
from domain.provisioning_profiles import PROVISIONING_PROFILES, ProvisioningProfile
from domain.resources import Kind
from domain.shelf import Changes
from domain.source import Source
from domain.subscribers import SUBSCRIBERS, Subscriber

KINDS: tuple[Kind[Any], ...] = (PROVISIONING_PROFILES, PLAN_DEFINITIONS, PCC_PROFILES, SUBSCRIBERS)


def subscriber(number: str, created: int = 1, **values: Any) -> Subscriber:
    flags = dict.fromkeys(("dps_notification", "eos_notification", "payg_notification"), False)
    return Subscriber.model_validate({"msisdn": number, "created": created, **flags, **values})


def profile(number: int, name: str, **values: Any) -> ProvisioningProfile:
    return ProvisioningProfile.model_validate({"id": number, "name": name, "default_profile": False, **values})


def plan(number: int, name: str, **values: Any) -> PlanDefinition:
    sent = {"id": number, "name": name, "unit_amount": "1", "unit_metering_type": "TIME", "validity_period": "1day"}
    return PlanDefinition.model_validate(sent | values)


def pcc(number: int, definition: int, alias: str) -> PccProfile:
    sent = {"id": number, "plan_definition_id": definition, "alias": alias, "threshold": True, "precedence": 5}
    return PccProfile.model_validate(sent)


def add(source: Source, kind: Kind[Any], *resources: Any) -> None:
    source.write([Changes(kind, added=list(resources))], {})
