"""PCC profiles: the policy and charging control of which a plan definition is made; and the step that seals it."""

from typing import Annotated, Any

from domain.errors import Conflict, NotFound, Unprocessable
from domain.fields import Fields, Flag, Integer, NoId, Percentage, Precedence, SameId, Text, same_as
from domain.operations import operation
from domain.permissions import Permission
from domain.plan_definitions import PLAN_DEFINITIONS, PlanDefinition, PlanDefinitionRef, require_plan_definition
from domain.resources import Kind, Lookup, Resource
from domain.state import Defaults, State


class PccProfile(Resource):
    """A PCC profile as it is kept."""

    id: int
    plan_definition_id: int
    alias: str
    qos_profile_name: str | None = None
    service_profile_name: str | None = None
    network_profile_name: str | None = None
    device_profile_name: str | None = None
    time_profile_name: str | None = None
    location_profile_name: str | None = None
    charging_profile_name: str | None = None
    subscription_profile_name: str | None = None
    threshold: bool
    metering_percentage: int | None = None
    precedence: int


PCC_PROFILES = Kind(
    "pcc_profiles", PccProfile, key="id", unique=(("plan_definition_id", "alias"),), within=PLAN_DEFINITIONS
)


class PccProfileRef(Fields):
    """Params."""

    plan_definition_id: Integer
    pcc_profile_id: Integer


class NewPccProfile(Fields):
    """Payload of a create."""

    id: NoId = None
    alias: Text
    qos_profile_name: Text | None = None
    service_profile_name: Text | None = None
    network_profile_name: Text | None = None
    device_profile_name: Text | None = None
    time_profile_name: Text | None = None
    location_profile_name: Text | None = None
    charging_profile_name: Text | None = None
    subscription_profile_name: Text | None = None
    threshold: Flag
    metering_percentage: Percentage | None = None
    precedence: Precedence


class PccProfileChanges(NewPccProfile):
    """Payload of an update: nothing is mandatory, and only what is sent counts."""

    id: Annotated[SameId, same_as("pcc_profile_id")] | None = None  # type: ignore[assignment]  # on create it must be left out
    alias: Text = ""
    threshold: Flag = False
    precedence: Precedence = 1


def _definition_of(at: PlanDefinitionRef | PccProfileRef) -> Lookup[PlanDefinition]:
    return PLAN_DEFINITIONS.by(id=at.plan_definition_id)


def _profiles_of(at: PlanDefinitionRef | PccProfileRef) -> Lookup[PccProfile]:
    return PCC_PROFILES.by(plan_definition_id=at.plan_definition_id)


def _namesake_of(at: PlanDefinitionRef | PccProfileRef, alias: str) -> Lookup[PccProfile]:
    return PCC_PROFILES.by(plan_definition_id=at.plan_definition_id, alias=alias)


@operation(
    "planDefinition.finalise",
    Permission.PLAN_DEFINITION_CREATE,
    status=204,
    subject="planDefinitions/{at.plan_definition_id}",
    locks=(PLAN_DEFINITIONS,),  # who changes its profiles locks it too
    needs=lambda at, _: (_definition_of(at), _profiles_of(at)),
)
def finalise_plan_definition(at: PlanDefinitionRef, state: State) -> None:
    """Done again, it changes nothing and succeeds."""
    definition = require_plan_definition(at.plan_definition_id, state)
    if not state.all(_profiles_of(at)):
        raise Unprocessable("no-pcc-profile")
    if not definition.finalised:
        state.put(PLAN_DEFINITIONS, definition.model_copy(update={"finalised": True, "available": True}))


@operation(
    "pccProfile.create",
    Permission.PLAN_DEFINITION_CREATE,
    status=201,
    subject="planDefinitions/{at.plan_definition_id}",
    created="planDefinitions/{at.plan_definition_id}/pccProfiles/{data[id]}",
    locks=(PLAN_DEFINITIONS, PCC_PROFILES),
    needs=lambda at, new: (_definition_of(at), _namesake_of(at, new.alias)),
)
def create_pcc_profile(at: PlanDefinitionRef, new: NewPccProfile, state: State) -> dict[str, Any]:
    """Aliases are unique in the plan definition, which must not be finalised."""
    definition = _open(require_plan_definition(at.plan_definition_id, state))
    _refuse_taken(_namesake_of(at, new.alias), state)
    given = new.model_dump(exclude={"id"})
    profile = PccProfile(id=state.next_id(PCC_PROFILES), plan_definition_id=definition.id, **given)
    return _told(state.put(PCC_PROFILES, profile), state.defaults)


@operation(
    "pccProfile.get",
    Permission.PLAN_DEFINITION_READ,
    subject="planDefinitions/{at.plan_definition_id}/pccProfiles/{at.pcc_profile_id}",
    needs=lambda at, _: (_definition_of(at), PCC_PROFILES.by(id=at.pcc_profile_id)),
)
def get_pcc_profile(at: PccProfileRef, state: State) -> dict[str, Any]:
    return _told(_find(at, state), state.defaults)


@operation(
    "pccProfile.list", Permission.PLAN_DEFINITION_READ, needs=lambda at, _: (_definition_of(at), _profiles_of(at))
)
def list_pcc_profiles(at: PlanDefinitionRef, state: State) -> dict[str, Any]:
    definition = require_plan_definition(at.plan_definition_id, state)
    profiles = sorted(state.all(_profiles_of(at)), key=lambda profile: (profile.precedence, profile.id))
    return {
        "_links": {"self": {"href": _href(definition.id, state.defaults)}},
        "_embedded": {"pccProfiles": [_told(profile, state.defaults) for profile in state.each(profiles)]},
    }


@operation(
    "pccProfile.update",
    Permission.PLAN_DEFINITION_CREATE,  # the documents ask for CREATE
    subject="planDefinitions/{at.plan_definition_id}/pccProfiles/{at.pcc_profile_id}",
    locks=(PLAN_DEFINITIONS, PCC_PROFILES),
    needs=lambda at, changes: (
        _definition_of(at),
        PCC_PROFILES.by(id=at.pcc_profile_id),
        _namesake_of(at, changes.alias),
    ),
)
def update_pcc_profile(at: PccProfileRef, changes: PccProfileChanges, state: State) -> dict[str, Any]:
    profile = _find(at, state)
    _open(require_plan_definition(at.plan_definition_id, state))
    changed = profile.model_copy(update=changes.model_dump(exclude_unset=True, exclude={"id"}))
    if changed.alias != profile.alias:
        _refuse_taken(_namesake_of(at, changed.alias), state)
    return _told(state.put(PCC_PROFILES, changed), state.defaults)


@operation(
    "pccProfile.delete",
    Permission.PLAN_DEFINITION_DELETE,
    subject="planDefinitions/{at.plan_definition_id}/pccProfiles/{at.pcc_profile_id}",
    locks=(PLAN_DEFINITIONS, PCC_PROFILES),
    needs=lambda at, _: (_definition_of(at), PCC_PROFILES.by(id=at.pcc_profile_id)),
)
def delete_pcc_profile(at: PccProfileRef, state: State) -> dict[str, Any]:
    profile = _find(at, state)
    _open(require_plan_definition(at.plan_definition_id, state))
    state.remove(PCC_PROFILES, profile)
    return {}


def _find(at: PccProfileRef, state: State) -> PccProfile:
    definition = require_plan_definition(at.plan_definition_id, state)
    profile = state.find(PCC_PROFILES.by(id=at.pcc_profile_id))
    if profile is None or profile.plan_definition_id != definition.id:
        raise NotFound("pcc-profile-not-found")
    return profile


def _open(definition: PlanDefinition) -> PlanDefinition:
    if definition.finalised:
        raise Conflict("plan-definition-finalised")
    return definition


def _refuse_taken(namesake: Lookup[PccProfile], state: State) -> None:
    if state.find(namesake):
        raise Conflict("pcc-profile-exists")


def _told(profile: PccProfile, defaults: Defaults) -> dict[str, Any]:
    told = profile.as_json()
    del told["planDefinitionId"]
    href = f"{_href(profile.plan_definition_id, defaults)}/{profile.id}"
    return {**told, "_links": {"self": {"href": href}}}


def _href(plan_definition_id: int, defaults: Defaults) -> str:
    return f"{defaults.link_base}/pcc/spcm/planDefinitions/{plan_definition_id}/pccProfiles"
