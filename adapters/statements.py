"""Statements over many rows that travel as one JSON parameter, on both engines.

Rows as one parameter were the fastest way that leaves a stopped client to PostgreSQL's timeouts (COPY escapes them).
Searches go key by key through LATERAL: `key = ANY(:keys)` becomes a filter over the whole tenant when a plan that was
made for an empty table is used for a full one.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Delete,
    FromClause,
    Insert,
    Select,
    String,
    Table,
    Update,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    lateral,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

ROWS = "rows"
"""The parameter's name: a JSON array of objects whose members are columns."""


def _given(dialect: str, columns: Sequence[Column[Any]]) -> FromClause:
    """The rows of the parameter, as a table of these columns; a JSON column's value is text in it."""
    parameter = bindparam(ROWS, type_=String)
    if dialect == "postgresql":
        # Within the parameter's JSON, PostgreSQL takes no \u0000; in a text that becomes JSON it does.
        typed = [column(each.name, String if _is_json(each) else each.type) for each in columns]
        array = cast(parameter, postgresql.JSON)
        return func.json_to_recordset(array).table_valued(*typed, name="given").render_derived(with_types=True)
    value = func.json_each(parameter).table_valued("value", name="element").c.value
    extracted = [func.json_extract(value, f"$.{each.name}").label(each.name) for each in columns]
    return select(*extracted).subquery("given")


def _all_given(dialect: str, table: Table) -> Select[Any]:
    given = _given(dialect, list(table.columns)).c
    return select(
        *(cast(given[each.name], each.type) if _is_json(each) else given[each.name] for each in table.columns)
    )


def _is_json(each: Column[Any]) -> bool:
    return isinstance(each.type, JSON)


def insert_into(dialect: str, table: Table) -> Any:
    """An insert that can say what to do on a conflict: both dialects have their own, with the same methods."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@cache
def insert_rows(dialect: str, table: Table) -> Insert:
    """Plain insert: what is there already is a violation."""
    return insert(table).from_select([each.name for each in table.columns], _all_given(dialect, table))


@cache
def replace_rows(dialect: str, table: Table) -> Insert:
    """Rows that are there, by primary key, get the given values; no plan can choose another way to find them."""
    # SQLite cannot tell ON CONFLICT from a join's ON without a WHERE.
    given = _all_given(dialect, table).where(true())
    statement = insert_into(dialect, table).from_select([each.name for each in table.columns], given)
    others = {each.name: statement.excluded[each.name] for each in table.columns if not each.primary_key}
    result: Insert = statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=others)
    return result


@cache
def delete_row(table: Table) -> Delete:
    """By primary key, with the key's columns as parameters, for executemany."""
    return delete(table).where(*_by_key(table))


@cache
def park_row(table: Table, fields: tuple[str, ...]) -> Update:
    """By primary key, as `delete_row`: set these unique columns to what cannot collide with anybody's value.

    Null, or false, or for a text that cannot be null the parameter `parked`: the key, made longer than names can be.
    """
    values: dict[str, Any] = {}
    for name in fields:
        if table.c[name].nullable:
            values[name] = None
        elif isinstance(table.c[name].type, Boolean):
            values[name] = False
        elif isinstance(table.c[name].type, String):
            values[name] = bindparam("parked")
    return update(table).where(*_by_key(table)).values(values)


def _by_key(table: Table) -> list[ColumnElement[bool]]:
    return [each == bindparam(f"old_{each.name}") for each in table.primary_key.columns]


@cache
def find_rows(
    table: Table, fields: tuple[str, ...], *, dialect: str, single: bool, newest: bool, lock: bool
) -> Select[Any]:
    """All rows whose tenant and `fields` are among the given; `single` where each finds only one.

    `newest`: that is the one created last of all that it could find.
    """
    last = table.c.created if newest else None
    return find_columns(table, list(table.columns), fields, dialect=dialect, single=single, last=last, lock=lock)


def find_columns(
    table: Table,
    columns: Sequence[ColumnElement[Any]],
    fields: tuple[str, ...],
    *,
    dialect: str,
    single: bool = True,
    last: Column[Any] | None = None,
    lock: bool = False,
) -> Select[Any]:
    """As `find_rows`, but these columns of them; `last` is the column by which the one is the last."""
    keys = [table.c.tenant, *(table.c[name] for name in fields)]
    given = _given(dialect, keys)
    found = select(*columns).where(*(key == given.c[key.name] for key in keys))
    if dialect != "postgresql":
        if last is not None:
            rivals = table.alias()
            alike = (rivals.c[key.name] == given.c[key.name] for key in keys)
            found = found.where(last == select(func.max(rivals.c[last.name])).where(*alike).scalar_subquery())
        return found.select_from(given, table)
    if last is not None:
        found = found.order_by(last.desc())
    if single:
        found = found.limit(1)
    if lock:
        found = found.with_for_update()
    each = lateral(found, name="found")
    return select(*each.columns).select_from(given.join(each, true()))
