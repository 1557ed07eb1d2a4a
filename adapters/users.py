"""Tenants, their users, and what these may do, as rows."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select, update

from adapters.passwords import hash_password
from adapters.tables import metadata, partitions, tenants, user_permissions, users
from domain.permissions import Permission

_OWNED = [table for table in metadata.sorted_tables if table not in (tenants, users, user_permissions, partitions)]
_AT_ONCE = 5_000


class NoSuchTenant(LookupError):
    """Raised when a tenant that must be there is not."""


class NoSuchUser(LookupError):
    """Raised when a user that must be there is not."""


class AlreadyThere(ValueError):
    """Raised when a tenant or user of this name exists."""


@dataclass(frozen=True, slots=True)
class User:
    """A user as operators see it."""

    name: str
    permissions: tuple[str, ...]


def add_tenant(connection: Connection, name: str) -> None:
    """Raises AlreadyThere."""
    if connection.scalar(select(tenants.c.name).where(tenants.c.name == name)):
        raise AlreadyThere(name)
    connection.execute(insert(tenants).values(name=name))


def list_tenants(connection: Connection) -> list[tuple[str, int]]:
    """Names, each with its number of users."""
    counted = select(tenants.c.name, func.count(users.c.name)).outerjoin(users, users.c.tenant == tenants.c.name)
    return [
        (name, count) for name, count in connection.execute(counted.group_by(tenants.c.name).order_by(tenants.c.name))
    ]


def require_tenant(connection: Connection, name: str) -> None:
    """Raises NoSuchTenant: in one that is misspelt nothing would be found."""
    if connection.scalar(select(tenants.c.name).where(tenants.c.name == name)) is None:
        raise NoSuchTenant(name)


def remove_tenant(engine: Engine, name: str) -> None:
    """Remove the tenant with all that it owns; after an interruption, another call goes on. Raises NoSuchTenant.

    First go its users, behind every partition's lock: a batch that has seen one has then ended, and none of its
    commands is executed any more. Then what it owns, some at a time, while others work. Its own row is the last: until
    then nobody can add a tenant of this name.
    """
    with engine.begin() as connection:
        _lock_partitions(connection)
        require_tenant(connection, name)
        connection.execute(delete(users).where(users.c.tenant == name))
    for table in _OWNED:
        _remove_rows(engine, table, name)
    with engine.begin() as connection:
        _lock_partitions(connection)
        for table in _OWNED:  # what was written for a user who was added meanwhile
            connection.execute(delete(table).where(table.c.tenant == name))
        connection.execute(delete(tenants).where(tenants.c.name == name))


def _lock_partitions(connection: Connection) -> None:
    connection.execute(select(partitions).order_by(partitions.c.number).with_for_update())


def _remove_rows(engine: Engine, table: Table, tenant: str) -> None:
    _, key = table.primary_key.columns
    left = table.c.tenant == tenant
    while True:
        with engine.begin() as connection:
            end = connection.scalar(select(key).where(left).order_by(key).offset(_AT_ONCE).limit(1))
            connection.execute(delete(table).where(left if end is None else left & (key < end)))
        if end is None:
            return
        left = (table.c.tenant == tenant) & (key >= end)


def add_user(connection: Connection, tenant: str, name: str, password: str, permissions: Iterable[Permission]) -> None:
    """Raises NoSuchTenant, AlreadyThere."""
    require_tenant(connection, tenant)
    if _exists(connection, tenant, name):
        raise AlreadyThere(name)
    connection.execute(insert(users).values(tenant=tenant, name=name, **_secret(password)))
    _grant(connection, tenant, name, permissions)


def list_users(connection: Connection, tenant: str) -> list[User]:
    """Raises NoSuchTenant."""
    require_tenant(connection, tenant)
    granted = select(user_permissions.c.user_name, user_permissions.c.permission)
    held: dict[str, list[str]] = {}
    for name, permission in connection.execute(granted.where(user_permissions.c.tenant == tenant)):
        held.setdefault(name, []).append(permission)
    names = connection.scalars(select(users.c.name).where(users.c.tenant == tenant).order_by(users.c.name))
    return [User(name, tuple(sorted(held.get(name, ())))) for name in names]


def remove_user(connection: Connection, tenant: str, name: str) -> None:
    """Raises NoSuchTenant, NoSuchUser."""
    require_tenant(connection, tenant)
    _revoke(connection, tenant, name)
    if not connection.execute(delete(users).where(users.c.tenant == tenant, users.c.name == name)).rowcount:
        raise NoSuchUser(name)


def set_password(connection: Connection, tenant: str, name: str, password: str) -> None:
    """From the next batch on, only this password is good. Raises NoSuchTenant, NoSuchUser."""
    require_tenant(connection, tenant)
    changed = update(users).where(users.c.tenant == tenant, users.c.name == name).values(**_secret(password))
    if not connection.execute(changed).rowcount:
        raise NoSuchUser(name)


def set_permissions(connection: Connection, tenant: str, name: str, permissions: Iterable[Permission]) -> None:
    """From the next batch on, the user holds these and no others. Raises NoSuchTenant, NoSuchUser."""
    require_tenant(connection, tenant)
    if not _exists(connection, tenant, name):
        raise NoSuchUser(name)
    _revoke(connection, tenant, name)
    _grant(connection, tenant, name, permissions)


def _exists(connection: Connection, tenant: str, name: str) -> bool:
    found = select(users.c.name).where(users.c.tenant == tenant, users.c.name == name)
    return connection.execute(found).first() is not None


def _secret(password: str) -> dict[str, str]:
    return {"password_hash": hash_password(password), "version": secrets.token_hex(8)}


def _grant(connection: Connection, tenant: str, name: str, permissions: Iterable[Permission]) -> None:
    rows = [{"tenant": tenant, "user_name": name, "permission": str(each)} for each in sorted(set(permissions))]
    if rows:
        connection.execute(insert(user_permissions), rows)


def _revoke(connection: Connection, tenant: str, name: str) -> None:
    held = user_permissions.c
    connection.execute(delete(user_permissions).where(held.tenant == tenant, held.user_name == name))
