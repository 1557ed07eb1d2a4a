"""The partition lock: the row under which a batch is decided, and what the row remembers.

The journal knows what was executed. It does not know reads, dry runs, missing permissions and failures of ours; yet
these commands have their place in the order: if their batch is read again after a crash, later commands of the batch
have changed what they saw, or the permission was granted. So their outcomes are kept in the partition's row, committed
with those changes, until a batch begins after them, which shows that they were told. (Refusals of strangers are not
kept: a flood of wrong passwords would cost more than good commands. Those that depend on nothing but the command are
the same again.)
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, select, update

from adapters.encoding import JsonText, encode
from adapters.failures import Unavailable
from adapters.journal import Record
from adapters.tables import partitions
from domain.outcomes import Outcome, place_of


class Kept(NamedTuple):
    """What came of a command that the journal does not remember; `error` names what failed on our side, if it did."""

    record: Record
    error: str = ""


class PartitionLock:
    """A lock that this transaction holds."""

    def __init__(self, connection: Connection, partition: int, unremembered: str | None) -> None:
        self._connection = connection
        self._partition = partition
        self._kept: dict[str, dict[str, Any]] = {}
        if unremembered:
            self._kept = {each["id"]: each for each in orjson.loads(unremembered)}

    def kept(self, event_id: str) -> Kept | None:
        """What came of the entry that had this event's id, if it was decided before and has its place in the order."""
        row = self._kept.get(event_id)
        return None if row is None else _from_row(**row)

    def keep(self, more: Sequence[Kept], *, first: str) -> None:
        """Keep these too; `first` is the event id of the batch's first entry: all before it were told."""
        before = [each for each in self._kept.values() if place_of(each["id"]) >= place_of(first)]
        if more or len(before) < len(self._kept):
            _write(self._connection, self._partition, [*before, *map(_to_row, more)])


def lock_partition(connection: Connection, partition: int) -> PartitionLock | None:
    """The lock, until the transaction ends; None where another transaction holds it.

    SQLite never gives None: there `adapters.drain_lock` has turned the others away before.

    Raises Unavailable where there is no such row: somebody has emptied the table, or replaced the database.
    """
    found = connection.execute(_LOCK, {"partition": partition}).first()
    if found is not None:
        return PartitionLock(connection, partition, found.unremembered)
    if connection.execute(_THERE, {"partition": partition}).first() is None:
        raise Unavailable(f"the database has no row of partition {partition}: a worker that starts writes them")
    return None


def forget_tenant(connection: Connection, tenant: str) -> None:
    """Drop what the rows hold of the tenant's outcomes; for one who has locked them all."""
    remembering = select(partitions).where(partitions.c.unremembered.is_not(None))
    for number, unremembered in connection.execute(remembering).all():
        _write(connection, number, [each for each in orjson.loads(unremembered) if each["tenant"] != tenant])


def _write(connection: Connection, partition: int, rows: Sequence[dict[str, Any]]) -> None:
    row = update(partitions).where(partitions.c.number == partition)
    connection.execute(row.values(unremembered=encode(rows).decode() if rows else None))


def _to_row(kept: Kept) -> dict[str, Any]:
    """The data stays a text: what is in it is not ours to read, nor to round."""
    fingerprint, outcome = kept.record
    time, data = int(outcome.time.timestamp() * 1000), None if outcome.data is None else outcome.data.text
    return outcome._asdict() | {"time": time, "data": data, "fingerprint": fingerprint, "error": kept.error}


def _from_row(*, fingerprint: str, error: str, time: int, data: str | None, **outcome: Any) -> Kept:
    told = Outcome(
        time=datetime.fromtimestamp(time / 1000, UTC), data=None if data is None else JsonText(data), **outcome
    )
    return Kept(Record(fingerprint, told), error)


_THERE = select(partitions.c.unremembered).where(partitions.c.number == bindparam("partition"))
_LOCK = _THERE.with_for_update(skip_locked=True)
