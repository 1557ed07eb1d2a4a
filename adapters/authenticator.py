"""Who commands are from: passwords verified once, remembered while the user's row stays as it was."""

import hmac
import secrets
import time
from collections import OrderedDict, deque
from typing import NamedTuple

from adapters.directory import Account, Directory
from adapters.passwords import verify_password
from domain.commands import Credentials
from domain.errors import Overloaded, Refused, Unauthenticated
from domain.permissions import Principal

REMEMBERED = 10_000
"""Verified credentials that a process remembers; the least used go first."""

FAILURES_A_MINUTE = 10
"""Wrong passwords that are tried for one name, whether it is a user's or not; further ones are told 503 for a while.

As many hashes are spent on all unknown names of a tenant together, and as many on all unknown tenants: then these are
told 401 without one, since there is no password to guess.
"""

_LONGEST_NAME = 256
"""Characters of a name that are remembered: more than a user's can have, and much less than a command can."""

STRANGERS = 10_000
"""Names of no user whose failures a process counts; those first tried go first."""


class _Failures:
    """Wrong passwords of the last minute, by tenant and user."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._times: dict[tuple[str | None, str | None], deque[float]] = {}

    def add(self, name: tuple[str | None, str | None]) -> None:
        self._times.setdefault(name, deque(maxlen=FAILURES_A_MINUTE)).append(time.monotonic())
        if self._most is not None and len(self._times) > self._most:
            del self._times[next(iter(self._times))]

    def are_too_many(self, name: tuple[str | None, str | None]) -> bool:
        times = self._times.get(name)
        return times is not None and len(times) == FAILURES_A_MINUTE and times[0] >= time.monotonic() - 60


class _Verdict(NamedTuple):
    """Whether credentials that were right once are so for this version of the user's row.

    Whoever goes on sending the old password after a change is not guessing: it is refused, but is no failure that would
    lock out those who have the new one.
    """

    version: str
    right: bool


class Authenticator:
    """Verifies credentials for one process; its memory holds no password, only what proves that one was verified."""

    def __init__(self) -> None:
        self.hashed = 0
        """How many passwords were verified by their hash, which takes long."""
        self._key = secrets.token_bytes(32)
        self._remembered: OrderedDict[bytes, _Verdict] = OrderedDict()
        self._failures = _Failures()
        self._failures_of_strangers = _Failures(most=STRANGERS)

    def verify(self, credentials: Credentials, directory: Directory) -> Principal | Refused:
        """The principal; or the refusal, in the same words and time for any fault, until failures are too many."""
        account = directory.accounts.get((credentials.tenant, credentials.user))
        name = (credentials.tenant, credentials.user)
        if account is None:
            return self._stranger(name, credentials.password, known_tenant=credentials.tenant in directory.tenants)
        proof = self._proof(credentials)
        known = self._remembered.get(proof)
        if known is not None and known.version == account.version:
            self._remembered.move_to_end(proof)
            return _principal(credentials, account) if known.right else Unauthenticated()
        if known is None and self._failures.are_too_many(name):
            return Overloaded()
        self.hashed += 1
        right = verify_password(account.password_hash, credentials.password)
        if right or known is not None:
            self._remember(proof, _Verdict(account.version, right))
        else:
            self._failures.add(name)
        return _principal(credentials, account) if right else Unauthenticated()

    def _stranger(self, name: tuple[str, str], password: str, *, known_tenant: bool) -> Refused:
        """What is told to one who is nobody: as to a user with a wrong password."""
        if known_tenant:
            stranger = (name[0], name[1][:_LONGEST_NAME])
            if self._failures_of_strangers.are_too_many(stranger):
                return Overloaded()
            self._failures_of_strangers.add(stranger)
        all_alike = (name[0] if known_tenant else None, None)
        if not self._failures.are_too_many(all_alike):
            self.hashed += 1
            verify_password(None, password)
            self._failures.add(all_alike)
        return Unauthenticated()

    def _remember(self, proof: bytes, verdict: _Verdict) -> None:
        self._remembered[proof] = verdict
        self._remembered.move_to_end(proof)
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    def _proof(self, credentials: Credentials) -> bytes:
        parts = (credentials.tenant, credentials.user, credentials.password)
        encoded = [part.encode() for part in parts]
        # Each with its length: no other three parts give the same bytes.
        return hmac.digest(self._key, b"".join(b"%d:%s" % (len(part), part) for part in encoded), "sha256")


def _principal(credentials: Credentials, account: Account) -> Principal:
    return Principal(credentials.tenant, credentials.user, frozenset(account.permissions))
