"""A tenant's resources, row by row, as they are at one moment."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from adapters.tables import metadata
from adapters.tenants import require_tenant
from domain.resources import Kind

_ROWS_AT_ONCE = 2_000


def rows_of(
    connection: Connection, kind: Kind[Any], fields: Sequence[str], tenant: str, filters: Mapping[str, Any]
) -> Iterator[Sequence[Sequence[Any]]]:
    """These fields of the tenant's resources that have the filters' values, by key, some at a time.

    Raises:
        NoSuchTenant: there is none of this name.

    """
    require_tenant(connection, tenant)
    table = metadata.tables[kind.name]
    wanted = select(*(table.c[field] for field in fields)).where(table.c.tenant == tenant).order_by(table.c[kind.key])
    for name, value in filters.items():
        wanted = wanted.where(table.c[name] == value)
    yield from connection.execute(wanted.execution_options(yield_per=_ROWS_AT_ONCE)).partitions()
