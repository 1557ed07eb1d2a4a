"""The rules of profiles and plans; what they are on the wire is in tests/contract."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import Conflict, NotFound, Refused, Unprocessable
from domain.operations import NoParams
from domain.pcc_profiles import (
    NewPccProfile,
    PccProfileChanges,
    PccProfileRef,
    create_pcc_profile,
    delete_pcc_profile,
    finalise_plan_definition,
    get_pcc_profile,
    list_pcc_profiles,
    update_pcc_profile,
)
from domain.plan_definitions import (
    NewPlanDefinition,
    PlanDefinition,
    PlanDefinitionFilter,
    PlanDefinitionRef,
    create_plan_definition,
    get_plan_definition,
    search_plan_definitions,
)
from domain.provisioning_profiles import (
    NewProvisioningProfile,
    ProvisioningProfile,
    ProvisioningProfileChanges,
    ProvisioningProfileRef,
    create_provisioning_profile,
    delete_provisioning_profile,
    get_provisioning_profile,
    list_provisioning_profiles,
    update_provisioning_profile,
)
from domain.state import Defaults, State
from tests.domain.source import Memory

NOWHERE = NoParams()


def add_profile(state: State, name: str, *, default: bool = False, **payload: Any) -> ProvisioningProfile:
    sent = {"name": name, "defaultProfile": default, **payload}
    return create_provisioning_profile(NOWHERE, NewProvisioningProfile.model_validate(sent), state)


def change_profile(state: State, number: int, **payload: Any) -> ProvisioningProfile:
    changes = ProvisioningProfileChanges.model_validate(payload, context={"id": number})
    return update_provisioning_profile(ProvisioningProfileRef(id=number), changes, state)


def add_plan(state: State, name: str = "plan", **payload: Any) -> PlanDefinition:
    sent = {"name": name, "unitAmount": "1", "unitMeteringType": "time", "validityPeriod": {"validityPeriod": "1day"}}
    return create_plan_definition(NOWHERE, NewPlanDefinition.model_validate(sent | payload), state)


def add_pcc(state: State, plan: int, alias: str = "a", precedence: int = 1, **payload: Any) -> dict[str, Any]:
    sent = {"alias": alias, "threshold": False, "precedence": precedence, **payload}
    return create_pcc_profile(PlanDefinitionRef(planDefinitionId=plan), NewPccProfile.model_validate(sent), state)


def pcc(plan: int, number: int) -> PccProfileRef:
    return PccProfileRef(planDefinitionId=plan, pccProfileId=number)


def test_a_profiles_name_is_unique_and_only_one_is_the_default(state: State) -> None:
    add_profile(state, "a", default=True)
    with pytest.raises(Conflict, match="provision-profile-exists"):
        add_profile(state, "a", default=True)
    with pytest.raises(Conflict, match="default-profile-exists"):
        add_profile(state, "b", default=True)
    second = add_profile(state, "b")
    with pytest.raises(Conflict, match="provision-profile-exists"):
        change_profile(state, second.id, name="a", defaultProfile=True)
    with pytest.raises(Conflict, match="default-profile-exists"):
        change_profile(state, second.id, defaultProfile=True)
    change_profile(state, 1, name="a", defaultProfile=True)  # as it is
    change_profile(state, 1, name="c", defaultProfile=False)
    assert change_profile(state, second.id, name="a", defaultProfile=True).default_profile


def test_an_update_of_a_profile_changes_only_what_is_sent(state: State) -> None:
    made = add_profile(state, "a", default=True, locale="ja", subscriberType="PREPAID")
    assert change_profile(state, 1, id=1) == made
    assert change_profile(state, 1, locale=None) == made.model_copy(update={"locale": None})


def test_a_profile_that_is_deleted_leaves_its_name_but_not_its_id(state: State) -> None:
    add_profile(state, "a", default=True)
    delete_provisioning_profile(ProvisioningProfileRef(id=1), state)
    for gone in (get_provisioning_profile, delete_provisioning_profile):
        with pytest.raises(NotFound, match="provision-profile-not-found"):
            gone(ProvisioningProfileRef(id=1), state)
    assert add_profile(state, "a", default=True).id == 2
    assert list_provisioning_profiles(NOWHERE, state)["length"] == 1


def test_a_core_plan_must_be_recurring_and_names_are_unique(state: State) -> None:
    for recurring in (None, False):
        with pytest.raises(Unprocessable, match="core-plan-not-recurring"):
            add_plan(state, core=True, recurring=recurring)
    plan = add_plan(state, core=True, recurring=True, grantedAmount={"volumeAmount": 0})
    assert (plan.id, plan.unit_metering_type, plan.cost) == (1, "TIME", 0)
    assert plan.as_json()["grantedAmount"] == {"volumeAmount": 0}
    with pytest.raises(Conflict, match="plan-definition-exists"):
        add_plan(state, core=True)


def test_a_search_takes_each_condition_that_is_given(state: State) -> None:
    add_plan(state, "a")
    add_plan(state, "b")

    def found(**asked: Any) -> list[str]:
        answer = search_plan_definitions(PlanDefinitionFilter(**asked), state)
        assert answer["length"] == len(answer["planDefinition"])
        return [each["name"] for each in answer["planDefinition"]]

    assert found() == found(current=True) == ["a", "b"]
    assert found(name="b", current=True) == ["b"]
    assert found(name="b", current=False) == found(name="c") == []


def test_a_plan_is_finalised_once_it_has_a_pcc_profile_and_then_sealed(state: State) -> None:
    at = PlanDefinitionRef(planDefinitionId=add_plan(state).id)
    with pytest.raises(Unprocessable, match="no-pcc-profile"):
        finalise_plan_definition(at, state)
    add_pcc(state, 1)
    finalise_plan_definition(at, state)
    finalise_plan_definition(at, state)
    plan = get_plan_definition(at, state)
    assert (plan.finalised, plan.available, plan.current) == (True, True, True)
    sealed: tuple[Callable[[], object], ...] = (
        lambda: add_pcc(state, 1),
        lambda: update_pcc_profile(pcc(1, 1), PccProfileChanges.model_validate({}), state),
        lambda: delete_pcc_profile(pcc(1, 1), state),
    )
    for change in sealed:
        with pytest.raises(Conflict, match="plan-definition-finalised"):
            change()


def test_an_unknown_plan_comes_before_an_unknown_pcc_profile(state: State) -> None:
    def refused(at: PccProfileRef) -> list[str]:
        reasons = []
        asked: tuple[Callable[[], object], ...] = (
            lambda: get_pcc_profile(at, state),
            lambda: delete_pcc_profile(at, state),
            lambda: update_pcc_profile(at, PccProfileChanges.model_validate({}), state),
        )
        for ask in asked:
            with pytest.raises(Refused) as refusal:
                ask()
            reasons.append(refusal.value.reason.code)
        return reasons

    add_plan(state, "a")
    add_plan(state, "b")
    add_pcc(state, 1)
    assert refused(pcc(3, 1)) == ["plan-definition-not-found"] * 3
    assert refused(pcc(2, 1)) == refused(pcc(1, 2)) == ["pcc-profile-not-found"] * 3


def test_an_alias_is_unique_in_its_plan_definition(state: State) -> None:
    add_plan(state, "a")
    add_plan(state, "b")
    add_pcc(state, 1)
    add_pcc(state, 2)
    with pytest.raises(Conflict, match="pcc-profile-exists"):
        add_pcc(state, 1)
    add_pcc(state, 1, "b")
    with pytest.raises(Conflict, match="pcc-profile-exists"):
        update_pcc_profile(pcc(1, 3), PccProfileChanges.model_validate({"alias": "a"}), state)
    update_pcc_profile(pcc(1, 3), PccProfileChanges.model_validate({"alias": "b", "precedence": 5}), state)


def test_pcc_profiles_are_listed_by_precedence_then_id_with_their_links(memory: Memory) -> None:
    state = State(memory.source("acme"), Defaults(link_base="http://x"))
    add_plan(state)
    for alias, precedence in (("a", 3), ("b", 1), ("c", 3), ("d", 2)):
        add_pcc(state, 1, alias, precedence)
    listed = list_pcc_profiles(PlanDefinitionRef(planDefinitionId=1), state)
    profiles = listed["_embedded"]["pccProfiles"]
    assert [each["alias"] for each in profiles] == ["b", "d", "a", "c"]
    assert listed["_links"]["self"]["href"] == "http://x/pcc/spcm/planDefinitions/1/pccProfiles"
    assert profiles[0]["_links"]["self"]["href"] == "http://x/pcc/spcm/planDefinitions/1/pccProfiles/2"
