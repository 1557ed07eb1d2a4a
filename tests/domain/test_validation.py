from typing import Any

import pytest

from domain.errors import BadRequest, Invalid
from domain.fields import Fields, Flag, Text
from domain.operations import NoParams
from domain.plan_definitions import NewPlanDefinition, PlanDefinitionFilter, PlanDefinitionRef
from domain.provisioning_profiles import ProvisioningProfileChanges, ProvisioningProfileRef
from domain.subscribers import NewSubscriber, SubscriberQuery, SubscriberRef
from domain.validation import params_of, payload_of


def faults(model: type[Fields], payload: dict[str, Any], at: Fields | None = None) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        payload_of(model, payload, at or NoParams())
    return list(refused.value.faults)


def test_faults_come_in_the_order_of_the_fields_and_unknown_members_last_as_sent() -> None:
    sent = {"zzz": 1, "unitAmount": "x", "aaa": 1, "name": ""}
    assert [field for field, _ in faults(NewPlanDefinition, sent)] == [
        "name",
        "unitAmount",
        "unitMeteringType",
        "validityPeriod",
        "zzz",
        "aaa",
    ]


def test_null_is_a_missing_field_where_none_is_taken() -> None:
    assert faults(ProvisioningProfileChanges, {"name": None}, ProvisioningProfileRef(id=1)) == [
        ("name", "name is mandatory")
    ]


def test_names_are_those_of_json_and_no_others() -> None:
    at = SubscriberRef(msisdn="1")
    names = ("subscriber_class", "payment_type", "dpsenabled", "DpsEnabled", "Class")
    assert faults(NewSubscriber, {"msisdn": "1", **dict.fromkeys(names, "x")}, at) == [
        (name, f"{name} is not a known field") for name in names
    ]


def test_nested_fields_are_named_with_dots() -> None:
    told = faults(NewPlanDefinition, {"name": "n", "unitAmount": "1", "unitMeteringType": "TIME", "validityPeriod": {}})
    assert told == [("validityPeriod.validityPeriod", "validityPeriod.validityPeriod is mandatory")]


def test_unknown_members_are_named_as_they_were_sent_and_come_last_nested_ones_too() -> None:
    sent = {"": 1, ".name": 1, "validityPeriod": {"validityPeriod": "1day", "": 1}, "cost": -1}
    told = faults(NewPlanDefinition, {"name": "n", "unitAmount": "1", "unitMeteringType": "TIME"} | sent)
    unknown = ("", ".name", "validityPeriod.")
    assert told == [
        ("cost", "cost must be an integer from 0"),
        *((name, f"{name} is not a known field") for name in unknown),
    ]


def test_a_field_that_repeats_a_param_must_be_equal_to_it() -> None:
    assert [field for field, _ in faults(NewSubscriber, {"msisdn": "2"}, SubscriberRef(msisdn="1"))] == ["msisdn"]
    assert faults(ProvisioningProfileChanges, {"id": 2}, ProvisioningProfileRef(id=1)) == [
        ("id", "id must be that of the params")
    ]
    assert payload_of(ProvisioningProfileChanges, {"id": 1}, ProvisioningProfileRef(id=1)).id == 1


@pytest.mark.parametrize(
    "params",
    [
        None,
        [],
        "x",
        1,
        {},
        {"planDefinitionId": None},
        {"planDefinitionId": "1"},
        {"planDefinitionId": 1, "x": 1},
        {"plan_definition_id": 1},
    ],
)
def test_params_of_another_form_are_refused(params: Any) -> None:
    with pytest.raises(BadRequest):
        params_of(PlanDefinitionRef, params)


def test_an_optional_param_that_is_null_counts_as_not_given() -> None:
    assert params_of(PlanDefinitionFilter, {"name": None, "current": None}) == PlanDefinitionFilter()
    assert params_of(SubscriberQuery, {"imsi": "1", "imei": None}).imsi == "1"


@pytest.mark.parametrize("params", [{}, {"imsi": None, "imei": None}, {"imsi": "1", "imei": "12345678901234"}])
def test_a_subscriber_is_searched_by_one_of_imsi_and_imei(params: dict[str, Any]) -> None:
    with pytest.raises(BadRequest) as refused:
        params_of(SubscriberQuery, params)
    assert refused.value.body["message"] == "params: exactly one of imsi and imei must be given"


def test_no_fault_repeats_the_value() -> None:
    class Both(Fields):
        text: Text
        flag: Flag

    with pytest.raises(BadRequest) as refused:
        params_of(Both, {"text": ["canary"], "flag": "canary"})
    assert "canary" not in str(refused.value.body)
    assert "canary" not in str(faults(Both, {"text": ["canary"], "flag": "canary"}))
