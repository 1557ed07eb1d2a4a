"""Tenants' users, and what these may do, as rows."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from adapters.passwords import hash_password
from adapters.tables import user_permissions, users
from adapters.tenants import AlreadyThere, require_tenant
from domain.permissions import Permission


class NoSuchUser(LookupError):
    """Raised when a user that must be there is not: tenant and name."""


@dataclass(frozen=True, slots=True)
class User:
    """A user as operators see it."""

    name: str
    permissions: tuple[str, ...]


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
        raise NoSuchUser(tenant, name)


def set_password(connection: Connection, tenant: str, name: str, password: str) -> None:
    """From the next batch on, only this password is good. Raises NoSuchTenant, NoSuchUser."""
    require_tenant(connection, tenant)
    changed = update(users).where(users.c.tenant == tenant, users.c.name == name).values(**_secret(password))
    if not connection.execute(changed).rowcount:
        raise NoSuchUser(tenant, name)


def set_permissions(connection: Connection, tenant: str, name: str, permissions: Iterable[Permission]) -> None:
    """From the next batch on, the user holds these and no others. Raises NoSuchTenant, NoSuchUser."""
    require_tenant(connection, tenant)
    if not _exists(connection, tenant, name):
        raise NoSuchUser(tenant, name)
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
