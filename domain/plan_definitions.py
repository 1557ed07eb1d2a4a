"""Plan definitions: what a subscriber can hold. `planDefinition.finalise` is with the PCC profiles that it asks for."""

from typing import Any

from domain.errors import Conflict, NotFound, Unprocessable
from domain.fields import Count, Fields, Flag, Integer, LongText, MeteringType, NoId, Period, Text, UnitAmount
from domain.operations import NoParams, operation
from domain.permissions import Permission
from domain.resources import Kind, Lookup, Resource
from domain.state import State


class PlanDefinition(Resource):
    """A plan definition as it is kept."""

    id: int
    name: str
    unit_amount: str
    unit_metering_type: str
    cost: int = 0
    validity_period: str
    granted_amount: int | None = None
    plan_precedence: int | None = None
    recurring: bool = False
    core: bool = False
    summary: str | None = None
    description: str | None = None
    max_deactivation_count: int | None = None
    finalised: bool = False
    current: bool = True
    available: bool = False

    def as_json(self) -> dict[str, Any]:
        told = super().as_json()
        told["validityPeriod"] = {"validityPeriod": self.validity_period}
        if self.granted_amount is not None:
            told["grantedAmount"] = {"volumeAmount": self.granted_amount}
        return told


PLAN_DEFINITIONS = Kind("plan_definitions", PlanDefinition, key="id", unique=(("name",),))


class ValidityPeriod(Fields):
    """How long the plan is valid once it is held."""

    validity_period: Period


class GrantedAmount(Fields):
    """What the plan grants."""

    volume_amount: Count


class NewPlanDefinition(Fields):
    """Payload of a create."""

    id: NoId = None
    name: Text
    unit_amount: UnitAmount
    unit_metering_type: MeteringType
    cost: Count | None = None
    validity_period: ValidityPeriod
    granted_amount: GrantedAmount | None = None
    plan_precedence: Count | None = None
    recurring: Flag | None = None
    core: Flag | None = None
    summary: LongText | None = None
    description: LongText | None = None
    max_deactivation_count: Count | None = None


class PlanDefinitionRef(Fields):
    """Params."""

    plan_definition_id: Integer


class PlanDefinitionFilter(Fields):
    """Params of a search; what is not given does not restrict it."""

    name: Text | None = None
    current: Flag | None = None


@operation(
    "planDefinition.create",
    Permission.PLAN_DEFINITION_CREATE,
    status=201,
    created="planDefinitions/{data[id]}",
    locks=(PLAN_DEFINITIONS,),
    needs=lambda _at, new: (PLAN_DEFINITIONS.by(name=new.name),),
)
def create_plan_definition(_at: NoParams, new: NewPlanDefinition, state: State) -> PlanDefinition:
    """Names are unique; a core plan must be recurring."""
    if state.find(PLAN_DEFINITIONS.by(name=new.name)):
        raise Conflict("plan-definition-exists")
    if new.core and not new.recurring:
        raise Unprocessable("core-plan-not-recurring")
    given = new.model_dump(exclude_none=True)
    given["validity_period"] = new.validity_period.validity_period
    if new.granted_amount:
        given["granted_amount"] = new.granted_amount.volume_amount
    return state.put(PLAN_DEFINITIONS, PlanDefinition(id=state.next_id(PLAN_DEFINITIONS), **given))


@operation(
    "planDefinition.get",
    Permission.PLAN_DEFINITION_READ,
    subject="planDefinitions/{at.plan_definition_id}",
    needs=lambda at, _: (PLAN_DEFINITIONS.by(id=at.plan_definition_id),),
)
def get_plan_definition(at: PlanDefinitionRef, state: State) -> PlanDefinition:
    return require_plan_definition(at.plan_definition_id, state)


def _all_of(at: PlanDefinitionFilter) -> Lookup[PlanDefinition]:
    return PLAN_DEFINITIONS.by(**at.model_dump(exclude_none=True))


@operation("planDefinition.search", Permission.PLAN_DEFINITION_READ, needs=lambda at, _: (_all_of(at),))
def search_plan_definitions(at: PlanDefinitionFilter, state: State) -> dict[str, Any]:
    found = state.all(_all_of(at))
    return {"length": len(found), "planDefinition": [definition.as_json() for definition in state.each(found)]}


def require_plan_definition(plan_definition_id: int, state: State) -> PlanDefinition:
    """Raises NotFound."""
    definition = state.find(PLAN_DEFINITIONS.by(id=plan_definition_id))
    if definition is None:
        raise NotFound("plan-definition-not-found")
    return definition
