"""Subscribers."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain.errors import Conflict, NotFound
from domain.fields import (
    DayOfMonth,
    Fields,
    Flag,
    Imei,
    Imsi,
    Locale,
    Msisdn,
    PaymentType,
    Status,
    Text,
    same_as,
)
from domain.operations import operation
from domain.permissions import Permission
from domain.provisioning_profiles import PROVISIONING_PROFILES, ProvisioningProfile
from domain.resources import Kind, Lookup, Resource
from domain.state import Defaults, State


class Subscriber(Resource):
    """A subscriber as it is kept and told; `created` orders subscribers by their creation."""

    msisdn: str
    imsi: str | None = None
    alternate_notification_msisdn: str | None = None
    payment_type: str = "unknown"
    subscriber_class: str | None = Field(default=None, alias="class")
    locale: str | None = None
    status: str = "active"
    dps_enabled: bool = False
    dps_notification: bool
    eos_notification: bool
    payg_notification: bool
    imei: str | None = None
    zone: str | None = None
    renewal_day_of_month: int | None = None
    qos_category_name: str | None = None
    tag: str | None = None
    created: int = Field(exclude=True)


SUBSCRIBERS = Kind("subscribers", Subscriber, key="msisdn", unique=(("imsi",),))


class SubscriberRef(Fields):
    """Params."""

    msisdn: Msisdn


class NewSubscriberRef(SubscriberRef):
    """Params of a create."""

    provision_profile: Text | None = None


class SubscriberQuery(Fields):
    """Params of a search: exactly one of them."""

    imsi: Imsi | None = None
    imei: Imei | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.imsi is None) == (self.imei is None):
            raise PydanticCustomError("one_of_both", "exactly one of imsi and imei must be given")
        return self


class NewSubscriber(Fields):
    """Payload of a create."""

    msisdn: Annotated[Msisdn, same_as("msisdn")]
    imsi: Imsi | None = None
    alternate_notification_msisdn: Msisdn | None = None
    payment_type: PaymentType | None = None
    subscriber_class: Text | None = Field(default=None, alias="class")
    locale: Locale | None = None
    status: Status | None = None
    dps_enabled: Flag | None = None
    dps_notification: Flag | None = None
    eos_notification: Flag | None = None
    payg_notification: Flag | None = None
    imei: Imei | None = None
    zone: Text | None = None
    renewal_day_of_month: DayOfMonth | None = None
    qos_category_name: Text | None = None
    tag: Text | None = None


class SubscriberChanges(NewSubscriber):
    """Payload of an update: nothing is mandatory, and only what is sent counts."""

    msisdn: Annotated[Msisdn, same_as("msisdn")] = ""


def _profile_of(at: NewSubscriberRef) -> Lookup[ProvisioningProfile]:
    if at.provision_profile is None:
        return PROVISIONING_PROFILES.by(default_profile=True)
    return PROVISIONING_PROFILES.by(name=at.provision_profile)


def _needs_of_create(at: NewSubscriberRef, new: NewSubscriber) -> tuple[Lookup[Any], ...]:
    needs = (SUBSCRIBERS.by(msisdn=at.msisdn), _profile_of(at))
    return needs if new.imsi is None else (*needs, SUBSCRIBERS.by(imsi=new.imsi))


def _needs_of_update(at: SubscriberRef, changes: SubscriberChanges) -> tuple[Lookup[Any], ...]:
    needs = (SUBSCRIBERS.by(msisdn=at.msisdn),)
    return needs if changes.imsi is None else (*needs, SUBSCRIBERS.by(imsi=changes.imsi))


def _found_by(at: SubscriberQuery) -> Lookup[Subscriber]:
    """Many may have the same IMEI."""
    return SUBSCRIBERS.newest_by(imei=at.imei) if at.imsi is None else SUBSCRIBERS.by(imsi=at.imsi)


@operation(
    "subscriber.create",
    Permission.SUBSCRIBER_CREATE,
    status=201,
    subject="subscribers/{at.msisdn}",
    locks=(SUBSCRIBERS,),
    needs=_needs_of_create,
)
def create_subscriber(at: NewSubscriberRef, new: NewSubscriber, state: State) -> Subscriber:
    """A value is that of the payload, else of the provisioning profile, else the default."""
    profile = state.find(_profile_of(at))
    if profile is None and at.provision_profile is not None:
        raise NotFound("provision-profile-not-found")
    if state.find(SUBSCRIBERS.by(msisdn=at.msisdn)):
        raise Conflict("subscriber-exists")
    _refuse_taken_imsi(new.imsi, state)
    values = _notification_defaults(state.defaults)
    if profile is not None:
        values |= _values_of(profile)
    values |= {name: value for name, value in vars(new).items() if value is not None}
    values["created"] = state.creation_stamp()
    return state.put(SUBSCRIBERS, Subscriber.of(values))


@operation(
    "subscriber.get",
    Permission.SUBSCRIBER_READ,
    subject="subscribers/{at.msisdn}",
    needs=lambda at, _: (SUBSCRIBERS.by(msisdn=at.msisdn),),
)
def get_subscriber(at: SubscriberRef, state: State) -> Subscriber:
    subscriber = state.find(SUBSCRIBERS.by(msisdn=at.msisdn))
    if subscriber is None:
        raise NotFound("subscriber-not-found")
    return subscriber


@operation(
    "subscriber.search",
    Permission.SUBSCRIBER_READ,
    needs=lambda at, _: (_found_by(at),),
)
def search_subscriber(at: SubscriberQuery, state: State) -> Subscriber:
    found = state.find(_found_by(at))
    if found is None:
        raise NotFound("subscriber-not-found")
    return found


@operation(
    "subscriber.update",
    Permission.SUBSCRIBER_UPDATE,
    subject="subscribers/{at.msisdn}",
    locks=(SUBSCRIBERS,),
    needs=_needs_of_update,
)
def update_subscriber(at: SubscriberRef, changes: SubscriberChanges, state: State) -> Subscriber:
    """Only what is sent is changed."""
    subscriber = get_subscriber(at, state)
    if changes.imsi != subscriber.imsi:
        _refuse_taken_imsi(changes.imsi, state)
    return state.put(SUBSCRIBERS, subscriber.model_copy(update=changed_values(changes, state.defaults)))


@operation(
    "subscriber.delete",
    Permission.SUBSCRIBER_DELETE,
    subject="subscribers/{at.msisdn}",
    locks=(SUBSCRIBERS,),
    needs=lambda at, _: (SUBSCRIBERS.by(msisdn=at.msisdn),),
)
def delete_subscriber(at: SubscriberRef, state: State) -> dict[str, Any]:
    state.remove(SUBSCRIBERS, get_subscriber(at, state))
    return {}


def changed_values(changes: NewSubscriber, defaults: Defaults) -> dict[str, Any]:
    """What an update sets: null unsets an optional field, or takes it back to its default."""
    notifications = _notification_defaults(defaults)
    given = {name: value for name, value in vars(changes).items() if name in changes.model_fields_set}
    for name, value in given.items():
        if value is None:
            given[name] = notifications.get(name, Subscriber.model_fields[name].get_default())
    return given


def _refuse_taken_imsi(imsi: str | None, state: State) -> None:
    if imsi is not None and state.find(SUBSCRIBERS.by(imsi=imsi)):
        raise Conflict("imsi-in-use")


def _notification_defaults(defaults: Defaults) -> dict[str, Any]:
    return {
        "dps_notification": defaults.dps_notification,
        "eos_notification": defaults.eos_notification,
        "payg_notification": defaults.payg_notification,
    }


def _values_of(profile: ProvisioningProfile) -> dict[str, Any]:
    """What a subscriber takes from the profile."""
    payment_type = profile.subscriber_type and profile.subscriber_type.lower()
    if payment_type not in (None, "prepaid", "postpaid"):
        payment_type = "unknown"
    taken = {
        "locale": profile.locale,
        "subscriber_class": profile.subscriber_class,
        "payment_type": payment_type,
        "dps_enabled": profile.dps_enabled,
        "dps_notification": profile.dps_notification,
        "eos_notification": profile.eos_notification,
        "payg_notification": profile.payg_notification,
    }
    return {name: value for name, value in taken.items() if value is not None}
