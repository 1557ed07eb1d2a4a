"""Provisioning profiles: what a new subscriber starts with."""

from typing import Annotated, Any

from domain.errors import Conflict, NotFound
from domain.fields import Fields, Flag, Integer, Locale, NoId, SameId, Text, same_as
from domain.operations import NoParams, operation
from domain.permissions import Permission
from domain.resources import Kind, Resource
from domain.state import State


class ProvisioningProfile(Resource):
    """A provisioning profile as it is kept and told."""

    id: int
    name: str
    default_profile: bool
    locale: str | None = None
    initial_core_plan_name: str | None = None
    subscriber_class: str | None = None
    subscriber_type: str | None = None
    dps_enabled: bool | None = None
    dps_notification: bool | None = None
    eos_notification: bool | None = None
    payg_notification: bool | None = None


PROVISIONING_PROFILES = Kind(
    "provisioning_profiles", ProvisioningProfile, key="id", unique=(("name",), ("default_profile",))
)


class ProvisioningProfileRef(Fields):
    """Params."""

    id: Integer


class NewProvisioningProfile(Fields):
    """Payload of a create."""

    id: NoId = None
    name: Text
    default_profile: Flag
    locale: Locale | None = None
    initial_core_plan_name: Text | None = None
    subscriber_class: Text | None = None
    subscriber_type: Text | None = None
    dps_enabled: Flag | None = None
    dps_notification: Flag | None = None
    eos_notification: Flag | None = None
    payg_notification: Flag | None = None


class ProvisioningProfileChanges(NewProvisioningProfile):
    """Payload of an update: nothing is mandatory, and only what is sent counts."""

    id: Annotated[SameId, same_as("id")] | None = None  # type: ignore[assignment]  # on create it must be left out
    name: Text = ""
    default_profile: Flag = False


@operation(
    "provisionProfile.create",
    Permission.PROVISION_PROFILE_CREATE,
    status=201,
    created="provisionProfile/{data[id]}",
    locks=(PROVISIONING_PROFILES,),
    needs=lambda _at, new: (PROVISIONING_PROFILES.by(name=new.name), PROVISIONING_PROFILES.by(default_profile=True)),
)
def create_provisioning_profile(_at: NoParams, new: NewProvisioningProfile, state: State) -> ProvisioningProfile:
    """Names are unique, and at most one profile is the default."""
    _refuse_taken(new.name, new.default_profile, state)
    given = new.model_dump(exclude={"id"})
    return state.put(PROVISIONING_PROFILES, ProvisioningProfile(id=state.next_id(PROVISIONING_PROFILES), **given))


@operation(
    "provisionProfile.get",
    Permission.PROVISION_PROFILE_READ,
    subject="provisionProfile/{at.id}",
    needs=lambda at, _: (PROVISIONING_PROFILES.by(id=at.id),),
)
def get_provisioning_profile(at: ProvisioningProfileRef, state: State) -> ProvisioningProfile:
    profile = state.find(PROVISIONING_PROFILES.by(id=at.id))
    if profile is None:
        raise NotFound("provision-profile-not-found")
    return profile


@operation("provisionProfile.list", Permission.PROVISION_PROFILE_READ, needs=lambda *_: (PROVISIONING_PROFILES.by(),))
def list_provisioning_profiles(_at: NoParams, state: State) -> dict[str, Any]:
    profiles = state.all(PROVISIONING_PROFILES.by())
    told = [profile.as_json() for profile in state.each(profiles)]
    return {"length": len(profiles), "provisioningProfileDTOList": told}


@operation(
    "provisionProfile.update",
    Permission.PROVISION_PROFILE_UPDATE,
    subject="provisionProfile/{at.id}",
    locks=(PROVISIONING_PROFILES,),
    needs=lambda at, changes: (
        PROVISIONING_PROFILES.by(id=at.id),
        PROVISIONING_PROFILES.by(name=changes.name),
        PROVISIONING_PROFILES.by(default_profile=True),
    ),
)
def update_provisioning_profile(
    at: ProvisioningProfileRef, changes: ProvisioningProfileChanges, state: State
) -> ProvisioningProfile:
    """Subscribers created with the profile keep the values that they have."""
    profile = get_provisioning_profile(at, state)
    changed = profile.model_copy(update=changes.model_dump(exclude_unset=True, exclude={"id"}))
    _refuse_taken(changed.name, changed.default_profile, state, but=profile)
    return state.put(PROVISIONING_PROFILES, changed)


@operation(
    "provisionProfile.delete",
    Permission.PROVISION_PROFILE_DELETE,
    status=204,
    subject="provisionProfile/{at.id}",
    locks=(PROVISIONING_PROFILES,),
    needs=lambda at, _: (PROVISIONING_PROFILES.by(id=at.id),),
)
def delete_provisioning_profile(at: ProvisioningProfileRef, state: State) -> None:
    state.remove(PROVISIONING_PROFILES, get_provisioning_profile(at, state))


def _refuse_taken(name: str, default: bool, state: State, but: ProvisioningProfile | None = None) -> None:
    if (but is None or but.name != name) and state.find(PROVISIONING_PROFILES.by(name=name)):
        raise Conflict("provision-profile-exists")
    if default and not (but and but.default_profile) and state.find(PROVISIONING_PROFILES.by(default_profile=True)):
        raise Conflict("default-profile-exists")
