"""The error catalogue: each reason once, with its status and words; and the exceptions that carry one.

docs/errors.md is written from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable code that tells why a command did not succeed."""

    code: str
    status: int
    message: str
    advice: str
    error_code: int | None = None

    @property
    def retryable(self) -> bool:
        """Whether the same command, sent again unchanged, can succeed."""
        return self.status >= 500


CATALOGUE: Mapping[str, Reason] = {
    reason.code: reason
    for reason in (
        Reason("malformed-command", 400, "The command is not of its form", "Correct the command as the message says"),
        Reason("command-too-large", 400, "The command is too large", "Split it, or use bulk.execute"),
        Reason("unknown-operation", 400, "the operation is not known", "Look the operation's name up in the reference"),
        Reason("bad-credentials", 401, "Bad credentials", "Check tenant, user and password"),
        Reason("permission-denied", 403, "The user may not do this", "Ask for the operation's permission"),
        Reason("provision-profile-not-found", 404, "provisioning profile not found", "Create it first, or correct it"),
        Reason("plan-definition-not-found", 404, "plan definition not found", "Create it first, or correct the id"),
        Reason("pcc-profile-not-found", 404, "pcc profile not found", "Create it first, or correct the ids"),
        Reason("subscriber-not-found", 404, "subscriber not found", "Create it first, or correct the number"),
        Reason("provision-profile-exists", 409, "a provisioning profile of this name exists", "Take another name"),
        Reason("default-profile-exists", 409, "the tenant has a default profile", "Unset the default of the other one"),
        Reason("plan-definition-exists", 409, "a plan definition of this name exists", "Take another name"),
        Reason("plan-definition-finalised", 409, "the plan definition is finalised", "Make a new plan definition"),
        Reason("pcc-profile-exists", 409, "the plan definition has a pcc profile of this alias", "Take another alias"),
        Reason("subscriber-exists", 409, "a subscriber with this msisdn exists", "Update it, or delete it first"),
        Reason("imsi-in-use", 409, "another subscriber has this imsi", "Free it there, then take a new command id"),
        Reason("validation-failed", 412, "The payload is not valid", "Correct each field that the errors name"),
        Reason("max-plan-count", 422, "Subscriber max plan count exceeded", "Remove a plan first", 1),
        Reason("command-id-reused", 422, "Command id was used for a different command", "Take a new command id", 2),
        Reason("core-plan-not-recurring", 422, "A core plan must be recurring", "Set recurring, or unset core", 3),
        Reason(
            "no-pcc-profile",
            422,
            "A plan definition needs a PCC profile before it is finalised",
            "Create a pcc profile first",
            4,
        ),
        Reason("item-reference", 422, "Item reference cannot be resolved", "Correct the item that is referred to", 5),
        Reason("bulk-answer-too-large", 422, "Answer does not fit into the bulk's outcome", "Read it on its own", 6),
        Reason(
            "internal-error",
            500,
            "Internal server error - [reference {reference}]",
            "Tell the operator the reference; the command is among the dead letters",
        ),
        Reason("overloaded", 503, "Overloaded, the command was not executed", "Send it again, later"),
    )
}


class Refused(Exception):
    """A command's, or a bulk item's, refusal; its class is its status."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code)
        self.reason = CATALOGUE[code]
        self.message = message or self.reason.message

    @property
    def body(self) -> dict[str, Any]:
        """The documents' error body."""
        return {"message": self.message, "status": "error"}


class BadRequest(Refused):
    """400: the command is not of its form."""

    def __init__(self, message: str | None = None, *, code: str = "malformed-command") -> None:
        super().__init__(code, message)


class Unauthenticated(Refused):
    """401: in the same words, whatever was wrong."""

    def __init__(self) -> None:
        super().__init__("bad-credentials")


class Forbidden(Refused):
    """403: the user is known and lacks the permission."""

    def __init__(self) -> None:
        super().__init__("permission-denied")


class NotFound(Refused):
    """404."""


class Conflict(Refused):
    """409: something that is there forbids it."""


class Invalid(Refused):
    """412: all faults of the payload at once, as (field, description)."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("validation-failed")
        self.faults = faults

    @property
    def body(self) -> dict[str, Any]:
        return {"errors": [{"field": field, "description": description} for field, description in self.faults]}


class Unprocessable(Refused):
    """422: valid, and yet it cannot be done."""

    @property
    def body(self) -> dict[str, Any]:
        return {"message": self.message, "errorCode": self.reason.error_code}


class Failed(Refused):
    """500: a fault of ours; it tells a reference, and nothing of the inside."""

    def __init__(self, event_id: str) -> None:
        code = "internal-error"
        super().__init__(code, CATALOGUE[code].message.format(reference=event_id))


class Overloaded(Refused):
    """503: not executed; the same command can succeed later."""

    def __init__(self) -> None:
        super().__init__("overloaded")
