"""Tenants as rows, and all that they own."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, delete, func, insert, select

from adapters.failures import Held
from adapters.partition_lock import forget_tenant
from adapters.tables import metadata, partitions, tenants, user_permissions, users

T = TypeVar("T")

_OWNED = [table for table in metadata.sorted_tables if table not in (tenants, users, user_permissions, partitions)]
_AT_ONCE = 5_000
_PATIENCE = 60.0  # seconds: more than a batch may last, unless SPCM_BATCH_TIME_LIMIT says otherwise
_PAUSE = 2.0  # seconds for others, whom a try may have kept out for as long


class NoSuchTenant(LookupError):
    """Raised when a tenant that must be there is not."""


class AlreadyThere(ValueError):
    """Raised when a tenant or a user of this name exists."""


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
    """Remove the tenant with all that it owns; after an interruption, another call goes on.

    First go its users, behind every partition's lock: a batch that has seen one has then ended, and none of its
    commands is executed any more. Then what it owns, some at a time, while others work. Its own row is the last: until
    then nobody can add a tenant of this name.

    Raises:
        NoSuchTenant: there is none of this name.
        Held: others were in the way for a minute.

    """
    _behind_all_batches(engine, partial(_remove_users, name))
    for table in _OWNED:
        _remove_rows(engine, table, name)
    _behind_all_batches(engine, partial(_remove_rest, name))


def _behind_all_batches(engine: Engine, change: Callable[[Connection], None]) -> None:
    """Make a change while no partition is being drained. Raises Held."""

    def locked(connection: Connection) -> None:
        connection.execute(select(partitions).order_by(partitions.c.number).with_for_update())
        change(connection)

    _patiently(engine, locked)


def _patiently(engine: Engine, change: Callable[[Connection], T]) -> T:
    """Make a change in a transaction of its own, and again where others were in the way. Raises Held."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with engine.begin() as connection:
                return change(connection)
        except Held:  # the locks that it got are free again
            if time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)


def _remove_users(name: str, connection: Connection) -> None:
    require_tenant(connection, name)
    connection.execute(delete(users).where(users.c.tenant == name))


def _remove_rows(engine: Engine, table: Table, tenant: str) -> None:
    _, key = table.primary_key.columns
    left = table.c.tenant == tenant

    def remove_some(connection: Connection) -> Any:
        end = connection.scalar(select(key).where(left).order_by(key).offset(_AT_ONCE).limit(1))
        connection.execute(delete(table).where(left if end is None else left & (key < end)))
        return end

    while (end := _patiently(engine, remove_some)) is not None:
        left = (table.c.tenant == tenant) & (key >= end)


def _remove_rest(name: str, connection: Connection) -> None:
    for table in _OWNED:  # what was written for a user who was added meanwhile
        connection.execute(delete(table).where(table.c.tenant == name))
    forget_tenant(connection, name)
    connection.execute(delete(tenants).where(tenants.c.name == name))
