"""The types of fields take and refuse what the tests of the contract say, each alone."""

from typing import Any

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

from domain import fields
from domain.locales import COUNTRIES, LANGUAGES, is_locale
from tests.contract import fields as documented

TYPES: dict[str, tuple[Any, documented.Kind]] = {
    "Text": (fields.Text, documented.TEXT),
    "LongText": (fields.LongText, documented.LONG_TEXT),
    "Flag": (fields.Flag, documented.FLAG),
    "Count": (fields.Count, documented.COUNT),
    "Percentage": (fields.Percentage, documented.PERCENTAGE),
    "Precedence": (fields.Precedence, documented.PRECEDENCE),
    "DayOfMonth": (fields.DayOfMonth, documented.DAY),
    "Locale": (fields.Locale, documented.LOCALE),
    "Msisdn": (fields.Msisdn, documented.MSISDN),
    "Imsi": (fields.Imsi, documented.IMSI),
    "Imei": (fields.Imei, documented.IMEI),
    "PaymentType": (fields.PaymentType, documented.PAYMENT),
    "Status": (fields.Status, documented.STATUS),
    "MeteringType": (fields.MeteringType, documented.METERING),
    "UnitAmount": (fields.UnitAmount, documented.AMOUNT),
    "Period": (fields.Period, documented.PERIOD),
}


@pytest.mark.parametrize("name", TYPES)
def test_a_type_takes_what_is_documented_and_nothing_else(name: str) -> None:
    annotation, kind = TYPES[name]
    adapter: TypeAdapter[Any] = TypeAdapter(annotation, config=ConfigDict(strict=True))
    for value in kind.good:
        told = adapter.validate_python(value)
        assert (told, type(told)) == (kind.told(value), type(value)), value
    for value in (*kind.bad, None):
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


def test_locales_are_of_assigned_codes() -> None:
    assert len(LANGUAGES) == 183  # ISO 639-1 has so many
    assert len(COUNTRIES) == 249  # and ISO 3166-1 so many
    assert all(is_locale(language) for language in LANGUAGES)
    assert all(is_locale(f"en_{country}") for country in COUNTRIES)


@pytest.mark.parametrize(
    "code", ["xx", "sh", "iw", "en_UK", "en_EU", "en_AN", "en_XK", "EN", "en_gb", "en__GB", "_", ""]
)
def test_codes_that_are_not_assigned_are_no_locales(code: str) -> None:
    assert not is_locale(code)
