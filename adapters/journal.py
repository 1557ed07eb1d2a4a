"""The journal: executed commands and their outcomes, which answer repeats."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, String, case, cast, delete, func, literal_column, select

from adapters.encoding import JsonText, canonical, encode
from adapters.failures import Contended
from adapters.statements import ROWS, find_columns, insert_rows
from adapters.tables import journal
from domain.outcomes import Outcome
from domain.requests import Request

_ROWS_AT_ONCE = 20  # of up to 8 MiB
_LARGE = 8 * 1024
"""Characters of data beyond which an outcome is not read for a whole batch."""

_BUT_DATA = [column for column in journal.columns if column.name != "data"]
_DATA = cast(journal.c.data, String)
_COLUMNS = [*_BUT_DATA, _DATA.label("data")]


class Record(NamedTuple):
    """An executed command: what it asked for, as a fingerprint, and what came of it."""

    fingerprint: str
    outcome: Outcome


def fingerprint(request: Request) -> str:
    """Equal for requests that are equal as JSON values; a member left out is the same as an empty object."""
    text = canonical([request.operation, request.params or {}, request.payload or {}])
    return hashlib.blake2b(text, digest_size=16).hexdigest()


class Journal:
    """The journal as one batch sees it: what was executed before, and what the batch itself has executed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], Record] = {}
        self._large: set[tuple[str, str]] = set()
        self._added: dict[tuple[str, str], Record] = {}

    def prefetch(self, commands: Sequence[tuple[str, str]]) -> None:
        """Load what is remembered of these tenants and command ids."""
        if not commands:
            return
        keys = [{"tenant": tenant, "command_id": command_id} for tenant, command_id in sorted(set(commands))]
        statement = _find_records(self._connection.dialect.name)
        for row in self._connection.execute(statement, {ROWS: encode(keys).decode()}):
            self._known[row.tenant, row.command_id] = _record(row)
            if row.large:
                self._large.add((row.tenant, row.command_id))

    def find(self, tenant: str, command_id: str) -> Record | None:
        """What is remembered of a command that was prefetched; its data may be missing, which `outcome` has."""
        return self._known.get((tenant, command_id))

    def outcome(self, tenant: str, command_id: str) -> Outcome:
        """What came of a command that is remembered. Large data are read only now, for whoever is to tell them.

        Raises Contended where the clean-up was faster.
        """
        if (tenant, command_id) not in self._large:
            return self._known[tenant, command_id].outcome
        outcome = outcome_of_command(self._connection, tenant, command_id)
        if outcome is None:
            raise Contended("the journal has just forgotten it")
        return outcome

    def add(self, tenant: str, command_id: str, record: Record) -> None:
        """Remember that the command was executed."""
        self._known[tenant, command_id] = self._added[tenant, command_id] = record

    def write(self) -> None:
        """Write what was added, by a plain insert: its primary key is the last fence against doing a thing twice."""
        if self._added:
            rows = [_row(*key, record) for key, record in sorted(self._added.items(), key=lambda item: item[0])]
            statement = insert_rows(self._connection.dialect.name, journal)
            self._connection.execute(statement, {ROWS: encode(rows).decode()})


def outcomes_since(connection: Connection, tenant: str, since: datetime) -> Iterator[Outcome]:
    """All outcomes remembered of the tenant from that time on, in the order in which their commands were published."""
    found = select(*_COLUMNS).where(journal.c.tenant == tenant, journal.c.executed_at >= _milliseconds(since))
    # As an option of the statement: else the driver reads all rows before the first is seen.
    found = found.order_by(*_published(connection.dialect.name)).execution_options(yield_per=_ROWS_AT_ONCE)
    for row in connection.execute(found):
        yield _record(row).outcome


def outcome_of_command(connection: Connection, tenant: str, command_id: str) -> Outcome | None:
    """What came of the tenant's command, if it is remembered."""
    found = select(*_COLUMNS).where(journal.c.tenant == tenant, journal.c.command_id == command_id)
    row = connection.execute(found).first()
    return None if row is None else _record(row).outcome


def forget_before(connection: Connection, time: datetime, at_most: int) -> int:
    """Remove up to so many of the records from before that time; how many."""
    old = journal.c.executed_at < _milliseconds(time)
    on_postgresql = connection.dialect.name == "postgresql"
    place: ColumnElement[Any] = literal_column("ctid" if on_postgresql else "rowid")
    # Sorted, so that PostgreSQL takes the index even where its statistics promise old rows everywhere; as an array, so
    # that it goes to each place instead of looking through the table.
    oldest = select(place).select_from(journal).where(old).order_by(journal.c.executed_at).limit(at_most)
    chosen = place == func.any(func.array(oldest.scalar_subquery())) if on_postgresql else place.in_(oldest)
    # The time again: in a table that somebody has partitioned, others have the same places. Not as the index has it, or
    # PostgreSQL may look for the places among all that are old, where its statistics promise few of them.
    still_old = journal.c.executed_at + 0 < _milliseconds(time)
    return connection.execute(delete(journal).where(chosen, still_old)).rowcount


def _published(dialect: str) -> list[ColumnElement[Any]]:
    """The order of the commands' stream ids, `milliseconds-number`; workers' clocks may differ."""
    position = func.strpos if dialect == "postgresql" else func.instr
    stream_id = func.substr(journal.c.event_id, position(journal.c.event_id, "-") + 1)
    milliseconds = func.substr(stream_id, 1, position(stream_id, "-") - 1)
    number = func.substr(stream_id, position(stream_id, "-") + 1)
    return [func.length(milliseconds), milliseconds, func.length(number), number, journal.c.event_id]


@cache
def _find_records(dialect: str) -> Select[Any]:
    large = func.length(_DATA) > _LARGE
    columns = [*_BUT_DATA, case((large, None), else_=_DATA).label("data"), large.label("large")]
    return find_columns(journal, columns, ("command_id",), dialect=dialect)


def _row(tenant: str, command_id: str, record: Record) -> dict[str, Any]:
    outcome = record.outcome
    return {
        "tenant": tenant,
        "command_id": command_id,
        "fingerprint": record.fingerprint,
        "event_id": outcome.id,
        "executed_at": _milliseconds(outcome.time),
        "operation": outcome.operation,
        "correlation_id": outcome.correlation_id,
        "subject": outcome.subject,
        "status": outcome.status,
        "reason": outcome.reason,
        "fate": outcome.fate,
        "data": None if outcome.data is None else outcome.data.text,
    }


def _record(row: Row[Any]) -> Record:
    outcome = Outcome(
        id=row.event_id,
        time=datetime.fromtimestamp(row.executed_at / 1000, UTC),
        status=row.status,
        fate=row.fate,
        tenant=row.tenant,
        operation=row.operation,
        command_id=row.command_id,
        correlation_id=row.correlation_id,
        subject=row.subject,
        reason=row.reason,
        data=None if row.data is None else JsonText(row.data),
    )
    return Record(row.fingerprint, outcome)


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
