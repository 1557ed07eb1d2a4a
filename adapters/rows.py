"""The rows of all tenants, within one transaction. `adapters.repository` keeps tenants apart."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, select, update

from adapters.encoding import encode
from adapters.heartbeat import Heartbeat
from adapters.statements import ROWS, delete_row, find_rows, insert_into, insert_rows, park_row, replace_rows
from adapters.tables import creations, last_ids, metadata
from domain.resources import Kind, Lookup, R
from domain.shelf import Changes

_STAMPS_A_BATCH = 1 << 16
_ROWS_A_BEAT = 1000
_NEXT_CREATION = select(creations.next_value())


class Rows:
    """What one transaction reads and writes; `locked` kinds are read for update."""

    def __init__(self, connection: Connection, locked: Collection[Kind[Any]]) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._locked = locked
        self._stamp = 0
        self.keep_alive = Heartbeat(connection).beat

    def find(self, like: Lookup[R], keys: Sequence[tuple[Any, ...]]) -> list[tuple[str, R]]:
        """All resources, with their tenants, of the lookup's kind whose tenant and fields are among the keys."""
        kind = like.kind
        names = ("tenant", *like.fields)
        statement = find_rows(
            _table(kind),
            like.fields,
            dialect=self._dialect,
            single=like.newest or like.fields == (kind.key,) or like.fields in kind.unique,
            newest=like.newest,
            lock=kind in self._locked and not like.newest,
        )
        rows = encode([dict(zip(names, key, strict=True)) for key in keys]).decode()
        found = []
        for some in self._connection.execute(statement, {ROWS: rows}).mappings().partitions(_ROWS_A_BEAT):
            self.keep_alive()
            found += [_resource(kind, row) for row in some]
        return found

    def newest(self, tenant: str, lookup: Lookup[R], count: int) -> list[R]:
        """The `count` created last of what the lookup finds, the last one first; not locked."""
        table = _table(lookup.kind)
        statement = select(table).where(*_found_by(tenant, lookup)).order_by(table.c.created.desc()).limit(count)
        return [_resource(lookup.kind, row)[1] for row in self._connection.execute(statement).mappings()]

    def update_all(self, tenant: str, lookup: Lookup[Any], fields: Mapping[str, Any]) -> int:
        """Set the fields in all that the lookup finds; how many those are."""
        found = _found_by(tenant, lookup)
        if self._dialect == "postgresql":
            # An UPDATE finds its rows as they are when it begins: so whoever is changing them is waited for before.
            key = _table(lookup.kind).primary_key.columns
            waited_for = select(*key).where(*found).order_by(*key).with_for_update().subquery()
            self._connection.execute(select(func.count()).select_from(waited_for))
        if fields:
            return self._connection.execute(update(_table(lookup.kind)).where(*found).values(fields)).rowcount
        # Nothing to set, but those that are there are counted all the same.
        return int(self._connection.scalar(select(func.count()).select_from(_table(lookup.kind)).where(*found)) or 0)

    def write(self, kind: Kind[Any], changes: Iterable[tuple[str, Changes]]) -> None:
        """Removals first: what they free may be taken by an addition, or by a change of what is unique.

        A row that gives up a unique value is parked without it for a moment. It stays the same row: who waits for its
        lock finds it.
        """
        removed: list[dict[str, Any]] = []
        parked: list[dict[str, Any]] = []
        replaced: list[dict[str, Any]] = []
        added: list[dict[str, Any]] = []
        for tenant, change in changes:
            removed += [_key(kind, tenant, before) for before in change.removed]
            for before, after in change.updated:
                if _gives_up_a_unique_value(kind, before, after):
                    parked.append(_key(kind, tenant, before) | {"parked": str(getattr(before, kind.key)).zfill(256)})
                replaced.append({"tenant": tenant, **vars(after)})
            added += [{"tenant": tenant, **vars(after)} for after in change.added]
        if removed:
            self._connection.execute(delete_row(_table(kind)), removed)
        if parked:
            self._connection.execute(park_row(_table(kind), _unique_fields(kind)), parked)
        for rows, statement in ((replaced, replace_rows), (added, insert_rows)):
            if rows:
                # In the order of the key, like every batch, against deadlocks.
                rows.sort(key=lambda row: (row["tenant"], row[kind.key]))
                self._connection.execute(statement(self._dialect, _table(kind)), {ROWS: encode(rows).decode()})

    def last_id(self, tenant: str, kind: Kind[Any]) -> int:
        """The last id given; nobody else gives one before the transaction ends."""
        query = select(last_ids.c.last_id).where(last_ids.c.tenant == tenant, last_ids.c.kind == kind.name)
        given = self._connection.scalar(query.with_for_update())
        if given is None:
            # A row that is not there cannot be locked: another partition's first id could be the same.
            first = {"tenant": tenant, "kind": kind.name, "last_id": 0}
            self._connection.execute(insert_into(self._dialect, last_ids).values(first).on_conflict_do_nothing())
            given = self._connection.scalar(query.with_for_update())
        return int(given or 0)

    def write_last_ids(self, given: Mapping[str, Mapping[str, int]]) -> None:
        """By tenant and the kind's name."""
        rows = [
            {"tenant": tenant, "kind": kind, "last_id": last}
            for tenant, of_tenant in given.items()
            for kind, last in of_tenant.items()
        ]
        if rows:
            self._connection.execute(replace_rows(self._dialect, last_ids), {ROWS: encode(rows).decode()})

    def creation_stamp(self) -> int:
        """Greater than all that were given earlier in this transaction, or in one that ended before it began."""
        if self._stamp % _STAMPS_A_BATCH == 0:
            self._stamp = self._next_creation() * _STAMPS_A_BATCH
        self._stamp += 1
        return self._stamp

    @contextmanager
    def savepoint(self) -> Iterator[Callable[[], None]]:
        """A point of the transaction to which the yielded function goes back, as the last thing."""
        with self._connection.begin_nested() as nested:

            def roll_back() -> None:
                nested.rollback()
                self._stamp = 0  # SQLite's count of creations went back too, and would give this block once more

            yield roll_back

    def _next_creation(self) -> int:
        if self._dialect == "postgresql":
            return int(self._connection.scalar(_NEXT_CREATION) or 0)
        first = insert_into(self._dialect, last_ids).values(tenant="", kind=creations.name, last_id=1)
        counted = first.on_conflict_do_update(
            index_elements=["tenant", "kind"], set_={"last_id": last_ids.c.last_id + 1}
        )
        return int(self._connection.scalar(counted.returning(last_ids.c.last_id)) or 0)


def _table(kind: Kind[Any]) -> Table:
    return metadata.tables[kind.name]


def _resource(kind: Kind[R], row: Any) -> tuple[str, R]:
    values = dict(row)
    return values.pop("tenant"), kind.model.of(values)


def _key(kind: Kind[Any], tenant: str, resource: Any) -> dict[str, Any]:
    return {"old_tenant": tenant, f"old_{kind.key}": getattr(resource, kind.key)}


def _found_by(tenant: str, lookup: Lookup[Any]) -> list[ColumnElement[bool]]:
    table = _table(lookup.kind)
    pairs = zip(lookup.fields, lookup.values, strict=True)
    return [table.c.tenant == tenant, *(table.c[name] == value for name, value in pairs)]


def _gives_up_a_unique_value(kind: Kind[Any], before: Any, after: Any) -> bool:
    held = [(getattr(before, name), getattr(after, name)) for name in _unique_fields(kind)]
    return any(old not in (None, False) and old != new for old, new in held)


@cache
def _unique_fields(kind: Kind[Any]) -> tuple[str, ...]:
    return tuple(sorted({name for fields in kind.unique for name in fields}))
