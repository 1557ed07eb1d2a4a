"""The fields of every payload, with values at, below and above their bounds, as docs/reference.md tells them.

Written down from the document, not taken from the program's models.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ANY: tuple[Any, ...] = ([], {}, [1], {"x": 1})
"""Of a type that no plain field has."""

NOT_TEXT = (1, 0, 1.5, True, False, *ANY)
NOT_INTEGER = ("1", "", 1.0, 1.5, 1e2, True, False, 2**53, -(2**53), 10**30, 1e300, *ANY)


def _as_sent(value: Any) -> Any:
    return value


FOREIGN = ("\u0660\u0668\u0667", "\uff11\uff12", "\u00b2")
"""Digits, but not ours: Arabic-Indic, full-width, superscript."""


@dataclass(frozen=True)
class Kind:
    """What a field takes, what it does not, and the words that tell it; `told` is how what it takes is told."""

    words: str
    good: tuple[Any, ...]
    bad: tuple[Any, ...]
    told: Callable[[Any], Any] = _as_sent


# Length counts code points, nothing is trimmed, and of all characters only NUL is refused.
TEXT = Kind(
    "a string of 1 to 255 characters",
    ("x", " ", " x ", "\u0001\u007f\u0085", "\u202eabc", "\ufeffx", "e\u0301", "é" * 255, "😀" * 255, "null"),
    ("", "x" * 256, "😀" * 256, "\0", "a\0b", *NOT_TEXT),
)
LONG_TEXT = Kind(
    "a string of at most 2048 characters",
    ("", "x", "x" * 2048, "😀" * 2048, "\n\t"),
    ("x" * 2049, "😀" * 2049, "\0", *NOT_TEXT),
)
FLAG = Kind("true or false", (True, False), ("true", "false", "", 0, 1, 1.0, *ANY))
COUNT = Kind("an integer from 0", (0, 1, 2**53 - 1), (-1, *NOT_INTEGER))
PERCENTAGE = Kind("an integer from 0 to 100", (0, 1, 99, 100), (-1, 101, *NOT_INTEGER))
PRECEDENCE = Kind("an integer from 1 to 5", (1, 2, 4, 5), (0, -1, 6, *NOT_INTEGER))
DAY = Kind("an integer from 0 to 31", (0, 1, 30, 31), (-1, 32, *NOT_INTEGER))
LOCALE = Kind(
    "an ISO 639-1 language code, or one with _ and an ISO 3166-1 alpha-2 country code",
    ("ja", "ja_JP", "en", "en_GB", "zu_ZA", "ga_IE"),
    (
        "",
        "xx",
        "en_ZZ",
        "english",
        "EN",
        "en_gb",
        "en_UK",
        "en-GB",
        "en_",
        "_GB",
        "eng",
        "en_GB_x",
        "en_GBR",
        " en",
        "en\n",
        "e",
        "en\0",
        *NOT_TEXT,
    ),
)
MSISDN = Kind(
    "a string of 1 to 255 characters: digits, optionally after one +",
    ("1", "+1", "0" * 255, "+" + "9" * 254, "0871234567"),
    ("", "+", "++1", "1+", "1" * 256, "+" + "1" * 255, " 1", "1 ", "1\n", *FOREIGN, "0x1", "1-2", "1\0", *NOT_TEXT),
)
IMSI = Kind(
    "a string of 1 to 15 digits",
    ("1", "0" * 15, "999"),
    ("", "1" * 16, "+1", "1 ", "1\n", *FOREIGN, "x", *NOT_TEXT),
)
IMEI = Kind(
    "a string of 14 to 16 digits",
    ("0" * 14, "1" * 15, "9" * 16, "01234567890120"),
    ("", "1" * 13, "1" * 17, "A" * 14, "1" * 14 + "\n", "\u0660" * 14, *NOT_TEXT),
)
PAYMENT = Kind(
    "prepaid, postpaid or unknown, in any case",
    ("prepaid", "postpaid", "unknown", "PREPAID", "PostPaid", "UNKNOWN"),
    ("", "pre", "prepaid ", "prepaid\n", "un\u212anown", *NOT_TEXT),
    str.lower,
)
STATUS = Kind(
    "active, inactive or barred, in any case",
    ("active", "inactive", "barred", "ACTIVE", "InActive", "BARRED"),
    ("", "activ", "deleted", " active", "act\u0131ve", "\u0130nactive", *NOT_TEXT),
    str.lower,
)
METERING = Kind(
    "TIME, VOLUME or CREDITS, in any case",
    ("TIME", "VOLUME", "CREDITS", "time", "Volume", "cREDITs"),
    ("", "BYTES", "TIME ", "t\u0131me", "credit\u017f", *NOT_TEXT),
    str.upper,
)
AMOUNT = Kind(
    "a string of 1 to 255 digits, or UNLIMITED",
    ("0", "1000", "9" * 255, "UNLIMITED"),
    ("", "1" * 256, "unlimited", "-1", "+1", "1.0", "1 ", "1\n", *FOREIGN, "UNLIMITED\n", *NOT_TEXT),
)
PERIOD = Kind(
    "a count from 1 to 99999 and a unit (minute, hour, day, week, month or year), as in 30days",
    ("1day", "30days", "1week", "1days", "2week", "99999minutes", "12hours", "1hour", "1month", "3months", "1year"),
    (
        "",
        "0day",
        *FOREIGN,
        "0days",
        "-1day",
        "100000days",
        "1 day",
        "day",
        "7",
        "1Day",
        "1dayss",
        "1s",
        "1day\n",
        "\u0661day",
        "1fortnight",
        *NOT_TEXT,
    ),
)


@dataclass(frozen=True)
class Field:
    """One row of a field table; `inside` names the one member of an object."""

    name: str
    kind: Kind
    mandatory: bool = False
    inside: str | None = None
    default: Any = None


def _optional(kind: Kind, *names: str) -> list[Field]:
    return [Field(name, kind) for name in names]


PROFILE = [
    Field("name", TEXT, mandatory=True),
    Field("defaultProfile", FLAG, mandatory=True),
    *_optional(LOCALE, "locale"),
    *_optional(TEXT, "initialCorePlanName", "subscriberClass", "subscriberType"),
    *_optional(FLAG, "dpsEnabled", "dpsNotification", "eosNotification", "paygNotification"),
]
DEFINITION = [
    Field("name", TEXT, mandatory=True),
    Field("unitAmount", AMOUNT, mandatory=True),
    Field("unitMeteringType", METERING, mandatory=True),
    Field("cost", COUNT, default=0),
    Field("validityPeriod", PERIOD, mandatory=True, inside="validityPeriod"),
    Field("grantedAmount", COUNT, inside="volumeAmount"),
    Field("planPrecedence", COUNT),
    Field("recurring", FLAG, default=False),
    Field("core", FLAG, default=False),
    *_optional(LONG_TEXT, "summary", "description"),
    Field("maxDeactivationCount", COUNT),
]
PCC = [
    Field("alias", TEXT, mandatory=True),
    *_optional(TEXT, "qosProfileName", "serviceProfileName", "networkProfileName", "deviceProfileName"),
    *_optional(TEXT, "timeProfileName", "locationProfileName", "chargingProfileName", "subscriptionProfileName"),
    Field("threshold", FLAG, mandatory=True),
    Field("meteringPercentage", PERCENTAGE),
    Field("precedence", PRECEDENCE, mandatory=True),
]
SUBSCRIBER = [
    Field("imsi", IMSI),
    Field("alternateNotificationMsisdn", MSISDN),
    Field("paymentType", PAYMENT, default="unknown"),
    Field("class", TEXT),
    Field("locale", LOCALE),
    Field("status", STATUS, default="active"),
    Field("dpsEnabled", FLAG, default=False),
    Field("dpsNotification", FLAG, default=False),
    Field("eosNotification", FLAG, default=False),
    Field("paygNotification", FLAG, default=False),
    Field("imei", IMEI),
    Field("zone", TEXT),
    Field("renewalDayOfMonth", DAY),
    *_optional(TEXT, "qosCategoryName", "tag"),
]
"""After `msisdn`, which is told apart: it must be that of the params."""
