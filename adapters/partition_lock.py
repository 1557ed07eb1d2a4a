"""The partition lock: the row under which a batch is decided, and what the row remembers.

The journal knows what was executed. It does not know reads, dry runs and missing permissions; yet these commands have
their place in the order: if their batch is read again after a crash, later commands of the batch have changed what they
saw, or the permission was granted. So their outcomes are kept in the partition's row, committed with those changes,
until a batch begins after them, which shows that they were told. (Refusals of strangers are not kept: a flood of wrong
passwords would cost more than good commands. Those that depend on nothing but the command are the same again.)
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, select, update

from adapters.encoding import JsonText, encode
from adapters.failures import Unavailable
from adapters.tables import partitions
from domain.outcomes import Outcome, place_of


class PartitionLock:
    """A lock that this transaction holds."""

    def __init__(self, connection: Connection, partition: int, unremembered: str | None) -> None:
        self._connection = connection
        self._partition = partition
        self._told: dict[str, dict[str, Any]] = {}
        if unremembered:
            self._told = {each["id"]: each for each in orjson.loads(unremembered)}

    def kept_outcome(self, event_id: str, command_id: str | None) -> Outcome | None:
        """What this entry's outcome was, if it was decided before and the journal does not remember it."""
        kept = self._told.get(event_id)
        if kept is None or kept["command_id"] != command_id:  # a Redis that was lost may give an entry's id again
            return None
        data = None if kept["data"] is None else JsonText(kept["data"])
        return Outcome(**kept | {"time": datetime.fromtimestamp(kept["time"] / 1000, UTC), "data": data})

    def keep(self, outcomes: Sequence[Outcome], *, first: str) -> None:
        """Remember these outcomes too; `first` is the event id of the batch's first entry: all before it were told."""
        before = [each for each in self._told.values() if place_of(each["id"]) >= place_of(first)]
        if outcomes or len(before) < len(self._told):
            _write(self._connection, self._partition, [*before, *map(_kept, outcomes)])


def lock_partition(connection: Connection, partition: int) -> PartitionLock | None:
    """The lock, until the transaction ends; None where somebody else has it; on SQLite never: there
    `adapters.drain_lock` turns others away.

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


def _write(connection: Connection, partition: int, kept: Sequence[dict[str, Any]]) -> None:
    row = update(partitions).where(partitions.c.number == partition)
    connection.execute(row.values(unremembered=encode(kept).decode() if kept else None))


def _kept(outcome: Outcome) -> dict[str, Any]:
    """The data stays a text: what is in it is not ours to read, nor to round."""
    data = None if outcome.data is None else outcome.data.text
    return outcome._asdict() | {"time": int(outcome.time.timestamp() * 1000), "data": data}


_THERE = select(partitions.c.unremembered).where(partitions.c.number == bindparam("partition"))
_LOCK = _THERE.with_for_update(skip_locked=True)
