"""The members that every command has, and what they may be (docs/contract.md, section 1)."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain.fields import NO_NUL, Fields, Flag, OperationName, Phrase
from domain.requests import ABSENT

CommandId = Annotated[
    str, Field(pattern=r"^[!-~]{1,128}$"), Phrase("1 to 128 printable ASCII characters without space")
]
TenantName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$"),
    Phrase("1 to 64 lower-case letters, digits, _ and -, the first a letter or digit"),
]
CorrelationId = Annotated[
    str,
    Field(min_length=1, max_length=128, pattern=r"^\P{Cc}*$"),
    Phrase("a string of 1 to 128 characters without control characters"),
]
ReplyTo = Annotated[
    str, Field(max_length=256, pattern=NO_NUL), Phrase("a string of at most 256 characters, none of them NUL")
]


class Envelope(Fields):
    """The members of a command; those that are judged later than the envelope are let through as they came."""

    id: CommandId
    operation: OperationName
    tenant: TenantName
    authorization: Any = None
    params: Any = ABSENT
    payload: Any = ABSENT
    correlation_id: CorrelationId = ""
    reply_to: ReplyTo = ""
    dry_run: Flag = False

    null_is_missing: ClassVar[bool] = False

    @model_validator(mode="after")
    def _replies_to_its_own_tenant(self) -> Self:
        if "reply_to" in self.model_fields_set and not is_reply_list(self.reply_to, self.tenant):
            raise PydanticCustomError("reply_to", "replyTo must begin with spcm:replies:, the tenant and a colon")
        return self


def is_reply_list(key: str, tenant: str) -> bool:
    """Whether outcomes of the tenant's commands may be pushed to the key."""
    return key.startswith(f"spcm:replies:{tenant}:")
