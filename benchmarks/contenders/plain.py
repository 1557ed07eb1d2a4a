"""The usual way to the database: SQLAlchemy's Core, a transaction, a statement for each table."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import delete, insert, select, text, update

from adapters.tables import journal, subscribers
from benchmarks.contenders.single import Write

begin = text("begin")
commit = text("commit")


def find(tenant: str, msisdn: str, *, lock: bool) -> tuple[Any, Any]:
    query = select(subscribers).where(subscribers.c.tenant == tenant, subscribers.c.msisdn == msisdn)
    return query.with_for_update() if lock else query, None


def write(write: Write, *, within: bool) -> Iterator[tuple[Any, Any]]:
    if not within:
        yield begin, None
    yield insert(journal), write.record
    if write.change == "insert":
        yield insert(subscribers), write.row
    elif write.change != "none":
        at = subscribers.c.tenant == write.row["tenant"], subscribers.c.msisdn == write.row["msisdn"]
        changed = {name: value for name, value in write.row.items() if name not in ("tenant", "msisdn")}
        yield (update(subscribers).where(*at).values(changed) if changed else delete(subscribers).where(*at)), None
    if not within:
        yield commit, None
