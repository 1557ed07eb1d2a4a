"""The tenants and users that commands name, as the database has them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from adapters.tables import tenants, user_permissions, users


@dataclass(slots=True)
class Account:
    """A user's row."""

    password_hash: str
    version: str
    permissions: set[str]


@dataclass(slots=True)
class Directory:
    """The tenants and users that a batch's commands name, as they are in its transaction."""

    tenants: set[str]
    accounts: dict[tuple[str, str], Account]


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
            permissions = set(row.permissions.split(",")) if row.permissions else set()
            directory.accounts[row.tenant, row.name] = Account(row.password_hash, row.version, permissions)
    return directory


_PERMISSIONS = (
    select(func.aggregate_strings(user_permissions.c.permission, ","))
    .where(user_permissions.c.tenant == users.c.tenant, user_permissions.c.user_name == users.c.name)
    .scalar_subquery()
)

_FIND = (
    select(
        tenants.c.name.label("tenant"),
        users.c.name,
        users.c.password_hash,
        users.c.version,
        _PERMISSIONS.label("permissions"),
    )
    .outerjoin(users, (users.c.tenant == tenants.c.name) & users.c.name.in_(bindparam("users", expanding=True)))
    .where(tenants.c.name.in_(bindparam("tenants", expanding=True)))
)
