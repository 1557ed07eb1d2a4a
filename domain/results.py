"""What came of a command before it is told: a status and its body."""

from typing import Any, Literal, NamedTuple

from domain.errors import Refused

Fate = Literal["completed", "partial", "rejected", "failed"]


class Result(NamedTuple):
    """A status, the documents' body (a JSON value; None where there is none), and what it is about."""

    status: int
    data: Any = None
    subject: str | None = None
    reason: str | None = None
    fate: Fate = "completed"


def was_executed(status: int) -> bool:
    """Whether a command with this status was executed; all others were refused before."""
    return status < 300 or status in (404, 409, 422)


def refusal(refused: Refused, subject: str | None) -> Result:
    """The result that tells the refusal."""
    fate: Fate = "failed" if refused.reason.status >= 500 else "rejected"
    return Result(refused.reason.status, refused.body, subject, refused.reason.code, fate)
