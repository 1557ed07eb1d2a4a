"""The rules of subscribers; what they are on the wire is in tests/contract."""

from typing import Any

import pytest

from domain.errors import Conflict, NotFound
from domain.operations import NoParams
from domain.provisioning_profiles import NewProvisioningProfile, create_provisioning_profile
from domain.state import Defaults, State
from domain.subscribers import (
    NewSubscriber,
    NewSubscriberRef,
    Subscriber,
    SubscriberChanges,
    SubscriberQuery,
    SubscriberRef,
    create_subscriber,
    delete_subscriber,
    get_subscriber,
    search_subscriber,
    update_subscriber,
)
from domain.tagged_subscribers import BatchUpdate, update_tagged_subscribers
from tests.domain.source import Memory


def create(state: State, number: str, profile: str | None = None, **payload: Any) -> Subscriber:
    new = NewSubscriber.model_validate({"msisdn": number, **payload})
    return create_subscriber(NewSubscriberRef(msisdn=number, provisionProfile=profile), new, state)


def update(state: State, number: str, **payload: Any) -> Subscriber:
    return update_subscriber(SubscriberRef(msisdn=number), SubscriberChanges.model_validate(payload), state)


def add_profile(state: State, name: str, *, default: bool = False, **payload: Any) -> None:
    sent = {"name": name, "defaultProfile": default, **payload}
    create_provisioning_profile(NoParams(), NewProvisioningProfile.model_validate(sent), state)


def test_a_value_is_that_of_the_payload_else_of_the_profile_else_the_default(state: State) -> None:
    add_profile(state, "p", locale="ja", subscriberClass="gold", dpsEnabled=True, paygNotification=False)
    made = create(state, "1", "p", **{"class": "own", "dpsEnabled": None})
    assert (made.subscriber_class, made.locale, made.dps_enabled) == ("own", "ja", True)
    assert (made.payment_type, made.status, made.payg_notification) == ("unknown", "active", False)


def test_the_default_profile_is_used_where_none_is_named(state: State) -> None:
    add_profile(state, "named", subscriberClass="named")
    add_profile(state, "default", default=True, subscriberClass="default")
    assert create(state, "1").subscriber_class == "default"
    assert create(state, "2", "named").subscriber_class == "named"
    with pytest.raises(NotFound, match="provision-profile-not-found"):
        create(state, "3", "Default")


def test_notifications_begin_as_the_installation_says(memory: Memory) -> None:
    state = State(memory.source("acme"), Defaults(dps_notification=True, payg_notification=True))
    made = create(state, "1", eosNotification=True, paygNotification=False)
    assert (made.dps_notification, made.eos_notification, made.payg_notification) == (True, True, False)
    unset = update(state, "1", dpsNotification=None, eosNotification=None, paygNotification=None)
    assert (unset.dps_notification, unset.eos_notification, unset.payg_notification) == (True, False, True)


def test_an_msisdn_and_an_imsi_are_had_by_one_subscriber(state: State) -> None:
    create(state, "1", imsi="7")
    with pytest.raises(Conflict, match="subscriber-exists"):
        create(state, "1", imsi="7")
    with pytest.raises(Conflict, match="imsi-in-use"):
        create(state, "2", imsi="7")
    create(state, "2")
    with pytest.raises(Conflict, match="imsi-in-use"):
        update(state, "2", imsi="7")
    assert update(state, "1", imsi="7", zone="z").zone == "z"  # its own
    update(state, "1", imsi=None)
    assert update(state, "2", imsi="7").imsi == "7"


def test_an_update_changes_only_what_is_sent(state: State) -> None:
    made = create(state, "1", tag="t", zone="z", status="barred")
    assert update(state, "1") == made
    assert update(state, "1", zone=None, status=None) == made.model_copy(update={"zone": None, "status": "active"})


def test_a_search_by_imei_finds_the_one_created_last_and_by_imsi_the_only_one(state: State) -> None:
    imei = "0" * 14
    for number in ("3", "1", "2"):
        create(state, number, imei=imei, imsi=number)
    assert search_subscriber(SubscriberQuery(imei=imei), state).msisdn == "2"
    delete_subscriber(SubscriberRef(msisdn="2"), state)
    assert search_subscriber(SubscriberQuery(imei=imei), state).msisdn == "1"
    assert search_subscriber(SubscriberQuery(imsi="3"), state).msisdn == "3"
    with pytest.raises(NotFound):
        search_subscriber(SubscriberQuery(imsi="2"), state)


def test_what_is_deleted_is_gone_and_may_come_again(state: State) -> None:
    create(state, "1", imsi="7")
    assert delete_subscriber(SubscriberRef(msisdn="1"), state) == {}
    for gone in (get_subscriber, delete_subscriber):
        with pytest.raises(NotFound, match="subscriber-not-found"):
            gone(SubscriberRef(msisdn="1"), state)
    assert create(state, "1", imsi="7").imsi == "7"


def test_a_batch_update_counts_all_that_had_the_tag_and_may_change_it(state: State) -> None:
    for number, tag in (("1", "a"), ("2", "a"), ("3", "b"), ("4", None)):
        create(state, number, tag=tag, zone="z")

    def change(tagged: str, **payload: Any) -> Any:
        sent = BatchUpdate.model_validate({"filter": {"tag": tagged}, "subscriber": payload})
        with state.attempt(set_based=True):
            return update_tagged_subscribers(NoParams(), sent, state)

    assert change("a", zone=None, tag="b") == {"updated": 2}
    assert change("a") == {"updated": 0}
    assert change("b") == {"updated": 3}
    found = [get_subscriber(SubscriberRef(msisdn=number), state) for number in "1234"]
    assert [(each.tag, each.zone) for each in found] == [("b", None), ("b", None), ("b", "z"), (None, "z")]


def test_a_subscriber_is_told_in_the_references_order_without_what_is_ours(state: State) -> None:
    told = create(state, "1").as_json()
    assert list(told)[:5] == ["msisdn", "imsi", "alternateNotificationMsisdn", "paymentType", "class"]
    assert len(told) == 16
