import re
from typing import Any

import pytest

from cli.transfer.columns import RowReader, WrongHeader, columns_of, item_of
from domain.catalog import OPERATIONS

CREATE = OPERATIONS["subscriber.create"]
UPDATE = OPERATIONS["subscriber.update"]


def row(operation: str, header: str, *cells: str | None) -> tuple[Any, Any]:
    item = RowReader(OPERATIONS[operation], header.split(",")).item(cells)
    return item.params, item.payload


def test_every_operation_has_its_columns() -> None:
    names = {name: list(columns_of(operation)) for name, operation in OPERATIONS.items() if name != "bulk.execute"}
    assert names["subscriber.create"][0] == "msisdn"
    assert names["subscriber.create"][-1] == "provisionProfile"
    assert names["subscriber.delete"] == ["msisdn"]
    assert names["provisionProfile.create"][0] == "name"
    assert names["provisionProfile.update"][0] == "id"
    assert names["planDefinition.create"][4:6] == ["validityPeriod.validityPeriod", "grantedAmount.volumeAmount"]
    assert names["subscriber.batchUpdate"][:2] == ["filter.tag", "subscriber.alternateNotificationMsisdn"]


def test_a_column_goes_to_params_or_payload_or_both() -> None:
    assert row("subscriber.create", "msisdn,zone,provisionProfile", "1", "z", "gold") == (
        {"msisdn": "1", "provisionProfile": "gold"},
        {"msisdn": "1", "zone": "z"},
    )
    assert row("subscriber.delete", "msisdn", "1") == ({"msisdn": "1"}, None)
    assert row("planDefinition.finalise", "planDefinitionId", "7") == ({"planDefinitionId": 7}, None)


def test_text_is_read_as_the_columns_type_or_left_as_it_is() -> None:
    header = "msisdn,dpsEnabled,renewalDayOfMonth,class"
    assert row("subscriber.create", header, "1", "true", "7", "true")[1] == {
        "msisdn": "1",
        "dpsEnabled": True,
        "renewalDayOfMonth": 7,
        "class": "true",
    }
    for integer in ("07", "1.0", "", "x", "٣", "9" * 30, "+1"):
        assert row("subscriber.create", header, "1", "TRUE", integer, "")[1]["renewalDayOfMonth"] == integer


def test_null_is_left_out_of_a_create_and_told_to_others() -> None:
    assert row("subscriber.create", "msisdn,zone", None, None) == (None, {})
    assert row("subscriber.update", "msisdn,zone", "1", None) == ({"msisdn": "1"}, {"msisdn": "1", "zone": None})
    assert row("subscriber.search", "imei,imsi", "1", None) == ({"imei": "1"}, None)


def test_nested_fields_become_objects() -> None:
    header = "name,validityPeriod.validityPeriod,grantedAmount.volumeAmount"
    assert row("planDefinition.create", header + ",unitAmount,unitMeteringType", "a", "1day", None, "1", "TIME")[1] == {
        "name": "a",
        "validityPeriod": {"validityPeriod": "1day"},
        "unitAmount": "1",
        "unitMeteringType": "TIME",
    }
    assert row("subscriber.batchUpdate", "filter.tag,subscriber.zone", "week", None)[1] == {
        "filter": {"tag": "week"},
        "subscriber": {"zone": None},
    }


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (["zone"], "needs the column msisdn"),
        (["msisdn", "Zone"], "no column 'Zone'"),
        (["msisdn", "a", "b", "c"], "no column 'a' (and 2 more unknown); its columns are"),
        (["msisdn", "zone", "zone"], "zone is there twice"),
        (["msisdn", None], "column 2 has no name"),
        (["", "msisdn"], "column 1 has no name"),
        (["msisdn", " imsi"], "no column ' imsi'"),
        (["x" * 1000], "xxx..."),
        (["msisdn", *["x"] * 999_999], "(and 999998 more unknown)"),
    ],
)
def test_a_wrong_header_is_told(header: list[str | None], words: str) -> None:
    with pytest.raises(WrongHeader, match=re.escape(words)):
        RowReader(CREATE, header)


def test_ids_that_a_create_refuses_are_no_columns() -> None:
    with pytest.raises(WrongHeader):
        RowReader(OPERATIONS["provisionProfile.create"], ["id", "name", "defaultProfile"])


def test_a_json_object_has_the_fields_of_a_row_as_they_are() -> None:
    fields = {"msisdn": "1", "zone": None, "provisionProfile": "p", "nonsense": [1]}
    item = item_of(CREATE, columns_of(CREATE), fields)
    assert item.params == {"msisdn": "1", "provisionProfile": "p"}
    assert item.payload == {"msisdn": "1", "zone": None, "nonsense": [1]}
    assert item_of(UPDATE, columns_of(UPDATE), {"msisdn": "1", "zone": None}).payload == {"msisdn": "1", "zone": None}
