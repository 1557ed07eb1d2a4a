"""Who commands are from: passwords verified once, remembered while the user's row stays as it was."""

import hmac
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, select

from adapters.passwords import verify_password
from adapters.tables import tenants, user_permissions, users
from domain.commands import Credentials
from domain.errors import Overloaded, Refused, Unauthenticated
from domain.permissions import Principal

REMEMBERED = 10_000
"""Verified credentials that a process remembers; the least used go first."""

FAILURES_A_MINUTE = 10
"""For each user; all unknown users of a tenant count as one, and so do all unknown tenants.

Of an unknown tenant nobody can be guessed: it stays unknown, only without the cost of a hash.
"""


@dataclass(slots=True)
class _Account:
    """A user's row."""

    password_hash: str
    version: str
    permissions: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Directory:
    """The tenants and users that a batch's commands name, as they are in its transaction."""

    tenants: set[str]
    accounts: dict[tuple[str, str], _Account]


def look_up(connection: Connection, names: Collection[tuple[str, str | None]]) -> Directory:
    """The rows of these (tenant, user) pairs; a user of None asks for the tenant alone."""
    directory = Directory(set(), {})
    wanted = {
        "tenants": sorted({tenant for tenant, _ in names}),
        "users": sorted({user for _, user in names if user is not None and "\0" not in user}),
    }
    if not wanted["tenants"]:
        return directory
    for row in connection.execute(_FIND, wanted):
        directory.tenants.add(row.tenant)
        if row.name is not None:
            account = directory.accounts.setdefault((row.tenant, row.name), _Account(row.password_hash, row.version))
            if row.permission is not None:
                account.permissions.add(row.permission)
    return directory


class Authenticator:
    """Verifies credentials for one process; its memory holds no password, only what proves that one was verified."""

    def __init__(self) -> None:
        self.hashed = 0
        """How many passwords were verified by their hash, which takes long."""
        self._key = secrets.token_bytes(32)
        self._verified: OrderedDict[bytes, str] = OrderedDict()
        self._failures: dict[tuple[str | None, str | None], deque[float]] = {}

    def verify(self, credentials: Credentials, directory: Directory) -> Principal | Refused:
        """The principal; or the refusal, in the same words and time for whatever is wrong."""
        account = directory.accounts.get((credentials.tenant, credentials.user))
        proof = self._proof(credentials)
        if account is not None and self._verified.get(proof) == account.version:
            self._verified.move_to_end(proof)
            return _principal(credentials, account)
        guessed = (
            credentials.tenant if credentials.tenant in directory.tenants else None,
            credentials.user if account else None,
        )
        if self._too_many_failures(guessed):
            return Unauthenticated() if guessed[0] is None else Overloaded()
        self.hashed += 1
        password_hash = account.password_hash if account else None
        if not verify_password(password_hash, credentials.password) or account is None:
            self._failures.setdefault(guessed, deque()).append(time.monotonic())
            return Unauthenticated()
        self._remember(proof, account.version)
        return _principal(credentials, account)

    def _remember(self, proof: bytes, version: str) -> None:
        self._verified[proof] = version
        self._verified.move_to_end(proof)
        while len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)

    def _too_many_failures(self, guessed: tuple[str | None, str | None]) -> bool:
        failures = self._failures.get(guessed)
        if failures is None:
            return False
        while failures and failures[0] < time.monotonic() - 60:
            failures.popleft()
        if not failures:
            del self._failures[guessed]
        return len(failures) >= FAILURES_A_MINUTE

    def _proof(self, credentials: Credentials) -> bytes:
        parts = (credentials.tenant, credentials.user, credentials.password)
        encoded = [part.encode() for part in parts]
        # Each with its length: no other three parts give the same bytes.
        return hmac.digest(self._key, b"".join(b"%d:%s" % (len(part), part) for part in encoded), "sha256")


def _principal(credentials: Credentials, account: _Account) -> Principal:
    return Principal(credentials.tenant, credentials.user, frozenset(account.permissions))


_FIND = (
    select(
        tenants.c.name.label("tenant"),
        users.c.name,
        users.c.password_hash,
        users.c.version,
        user_permissions.c.permission,
    )
    .outerjoin(users, (users.c.tenant == tenants.c.name) & users.c.name.in_(bindparam("users", expanding=True)))
    .outerjoin(
        user_permissions,
        (user_permissions.c.tenant == users.c.tenant) & (user_permissions.c.user_name == users.c.name),
    )
    .where(tenants.c.name.in_(bindparam("tenants", expanding=True)))
)
