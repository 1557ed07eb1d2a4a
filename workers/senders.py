"""Who the commands of a batch are from."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from adapters.authenticator import Authenticator
from adapters.directory import Directory, look_up
from adapters.heartbeat import Heartbeat
from domain.commands import Credentials
from domain.errors import Refused, Unauthenticated
from domain.permissions import Principal
from domain.results import refusal
from workers.case import Case

MOST_NEW_PASSWORDS = 40
"""Passwords that a batch verifies by their hash, 26 ms each; those that are remembered or throttled cost nothing."""


def attribute(cases: Sequence[Case], connection: Connection) -> Directory:
    """Give the cases their tenant, if there is such a one; the tenants and users that they name."""
    directory = look_up(connection, _names(cases))
    for case in cases:
        case.tenant = case.command.tenant if case.command.tenant in directory.tenants else None
    return directory


def authenticate(
    cases: Sequence[Case], directory: Directory, authenticator: Authenticator, heartbeat: Heartbeat
) -> Sequence[Case]:
    """Give the cases their principal or refusal, each distinct credential once.

    Returns the cases before the one whose password would be too many to verify.
    """
    found: dict[Credentials, Principal | Refused] = {}
    enough = authenticator.hashed + MOST_NEW_PASSWORDS
    for number, case in enumerate(cases):
        heartbeat.beat()
        if case.command.fault is not None:
            continue
        credentials = case.command.credentials
        if credentials is None:
            case.result = refusal(Unauthenticated(), case.command.subject)
            continue
        if credentials not in found:
            if authenticator.hashed >= enough:
                return cases[:number]
            found[credentials] = authenticator.verify(credentials, directory)
        verified = found[credentials]
        if isinstance(verified, Refused):
            case.result = refusal(verified, case.command.subject)
        else:
            case.principal = verified
    return cases


def _names(cases: Iterable[Case]) -> set[tuple[str, str | None]]:
    """Which tenants and users are to be looked up; a tenant also where nothing else could be read."""
    names: set[tuple[str, str | None]] = set()
    for case in cases:
        if case.command.tenant is not None:
            credentials = case.command.credentials
            names.add((case.command.tenant, credentials.user if credentials else None))
    return names
