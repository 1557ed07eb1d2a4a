"""The types of fields: each with its bounds and the words that tell them.

A type's `Phrase` completes "<field> must be ..." in a refusal. Patterns run in pydantic's own engine, where `$` is
the end of the text and nothing else, `[0-9]` is ASCII, and no input makes matching slow.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from domain.locales import is_locale

GREATEST_INTEGER: Final = 2**53 - 1
NO_NUL: Final = r"^[^\x00]*$"


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a value must be, in plain words."""

    words: str


def phrase_in(metadata: Iterable[Any]) -> str:
    """The words that are among what a type is annotated with."""
    return next(each.words for each in metadata if isinstance(each, Phrase))


class Fields(BaseModel):
    """Members of a JSON object of the contract: strict types, camel-case names, nothing unknown."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True
    )

    null_is_missing: ClassVar[bool] = True
    """Whether null in a field that takes none is told as a missing field; else as a value of the wrong type."""

    @classmethod
    def of(cls, members: Any, context: dict[str, Any] | None = None) -> Self:
        """As `model_validate`, without what that does for callers who are not in a hurry. Raises ValidationError."""
        fields: Self = cls.__pydantic_validator__.validate_python(members, context=context)
        return fields


def _assigned(text: str) -> str:
    if not is_locale(text):
        # Not a ValueError: pydantic keeps that for good, and with its traceback the command that it came from.
        raise PydanticCustomError("not_assigned", "assigned")
    return text


def _fold(value: Any) -> Any:
    # Only ASCII: the Kelvin sign would fold to a k, a dotless i to an I.
    return value.lower() if isinstance(value, str) and value.isascii() else value


def _fold_up(value: Any) -> Any:
    return value.upper() if isinstance(value, str) and value.isascii() else value


def _left_out(_value: Any) -> Any:
    raise PydanticCustomError("left_out", "left out")


def same_as(param: str) -> AfterValidator:
    """The value must be that of the operation's param of this name."""

    def check(value: Any, info: ValidationInfo) -> Any:
        if info.context and info.context[param] != value:
            raise PydanticCustomError("other_than_params", "that of the params")
        return value

    return AfterValidator(check)


Text = Annotated[str, Field(min_length=1, max_length=255, pattern=NO_NUL), Phrase("a string of 1 to 255 characters")]
LongText = Annotated[str, Field(max_length=2048, pattern=NO_NUL), Phrase("a string of at most 2048 characters")]
Flag = Annotated[bool, Phrase("true or false")]
Integer = Annotated[int, Field(ge=-GREATEST_INTEGER, le=GREATEST_INTEGER), Phrase("an integer")]
Count = Annotated[int, Field(ge=0, le=GREATEST_INTEGER), Phrase("an integer from 0")]
Percentage = Annotated[int, Field(ge=0, le=100), Phrase("an integer from 0 to 100")]
Precedence = Annotated[int, Field(ge=1, le=5), Phrase("an integer from 1 to 5")]
DayOfMonth = Annotated[int, Field(ge=0, le=31), Phrase("an integer from 0 to 31")]
Locale = Annotated[
    str,
    AfterValidator(_assigned),
    Phrase("an ISO 639-1 language code, or one with _ and an ISO 3166-1 alpha-2 country code"),
]
Msisdn = Annotated[
    str,
    Field(max_length=255, pattern=r"^\+?[0-9]+$"),
    Phrase("a string of 1 to 255 characters: digits, optionally after one +"),
]
Imsi = Annotated[str, Field(pattern=r"^[0-9]{1,15}$"), Phrase("a string of 1 to 15 digits")]
Imei = Annotated[str, Field(pattern=r"^[0-9]{14,16}$"), Phrase("a string of 14 to 16 digits")]
PaymentType = Annotated[
    Literal["prepaid", "postpaid", "unknown"],
    BeforeValidator(_fold),
    Phrase("prepaid, postpaid or unknown, in any case"),
]
Status = Annotated[
    Literal["active", "inactive", "barred"], BeforeValidator(_fold), Phrase("active, inactive or barred, in any case")
]
MeteringType = Annotated[
    Literal["TIME", "VOLUME", "CREDITS"], BeforeValidator(_fold_up), Phrase("TIME, VOLUME or CREDITS, in any case")
]
OperationName = Annotated[
    str,
    Field(max_length=64, pattern=r"^[A-Za-z]+\.[A-Za-z]+$"),
    Phrase("a resource and a verb with a dot between them, as in subscriber.create"),
]
UnitAmount = Annotated[
    str, Field(pattern=r"^([0-9]{1,255}|UNLIMITED)$"), Phrase("a string of 1 to 255 digits, or UNLIMITED")
]
Period = Annotated[
    str,
    Field(pattern=r"^[1-9][0-9]{0,4}(minute|hour|day|week|month|year)s?$"),
    Phrase("a count from 1 to 99999 and a unit (minute, hour, day, week, month or year), as in 30days"),
]

NoId = Annotated[None, Phrase("left out")]
SameId = Annotated[int, Phrase("that of the params")]
LeftOut = Annotated[None, BeforeValidator(_left_out)]
