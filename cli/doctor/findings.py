"""What `spcm doctor` finds: each with what it means, and what to do."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` is empty where nothing is to be done."""

    level: Level
    subject: str
    found: str
    advice: str = ""


def ok(subject: str, found: str) -> Finding:
    return Finding("ok", subject, found)


def warning(subject: str, found: str, advice: str) -> Finding:
    return Finding("warning", subject, found, advice)


def problem(subject: str, found: str, advice: str) -> Finding:
    return Finding("problem", subject, found, advice)


def connected(subject: str, found: str, exposure: str, advice: str) -> Finding:
    """A warning where strangers on the way can read along, or answer in the server's place: `exposure` says how."""
    return warning(subject, f"{found}, but on another host and {exposure}", advice) if exposure else ok(subject, found)


def expect(subject: str, found: str, *, good: bool, advice: str) -> Finding:
    """A problem unless it is good."""
    return ok(subject, found) if good else problem(subject, found, advice)
