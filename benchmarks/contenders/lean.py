"""An expert's way to the database: the driver's own cursor, and a create as one statement, its own transaction."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

from adapters.tables import journal, subscribers
from benchmarks.contenders.single import Write

COLUMNS = [column.name for column in subscribers.columns]
_RECORD = [column.name for column in journal.columns]

begin = "begin"
commit = "commit"


def find(tenant: str, msisdn: str, *, lock: bool) -> tuple[str, Any]:
    query = f"select {', '.join(COLUMNS)} from subscribers where tenant = $1 and msisdn = $2"
    return query + " for update" * lock, (tenant, msisdn)


def write(write: Write, *, within: bool) -> Iterator[tuple[str, Any]]:  # noqa: ARG001 - it needs no other transaction
    row = [write.row[name] for name in _written(write.change)]
    yield _statement(write.change), (*(write.record[name] for name in _RECORD), *row)


def _written(change: str) -> list[str]:
    return {"insert": COLUMNS, "update": COLUMNS, "delete": ["tenant", "msisdn"], "none": []}[change]


@cache
def _statement(change: Literal["insert", "update", "delete", "none"]) -> str:
    record = ", ".join(f"${i + 1}" for i in range(len(_RECORD)))
    journaled = f"insert into journal ({', '.join(_RECORD)}) values ({record})"
    own = {name: f"${len(_RECORD) + i + 1}" for i, name in enumerate(_written(change))}
    if change == "none":
        return journaled
    where = f"where tenant = {own['tenant']} and msisdn = {own['msisdn']}"
    if change == "insert":
        following = f"insert into subscribers ({', '.join(own)}) values ({', '.join(own.values())})"
    elif change == "update":
        changed = ", ".join(f"{name} = {value}" for name, value in own.items() if name not in ("tenant", "msisdn"))
        following = f"update subscribers set {changed} {where}"
    else:
        following = f"delete from subscribers {where}"
    return f"with journaled as ({journaled}) {following}"
