"""The floor: the same rows in the same batches, written by one statement for each table, and nothing else.

No command is read, validated or answered, and no row is looked up. Nothing that writes these rows can be faster than
COPY, which the worker leaves alone, since a client that stops within it escapes PostgreSQL's timeouts. The statement
that it uses instead is a floor of its own: what is above it is the worker's, and not the database's.
"""

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import psycopg
from sqlalchemy.dialects.postgresql.psycopg import dialect

from adapters.statements import ROWS, insert_rows
from adapters.tables import metadata
from benchmarks.measuring import Wrong
from benchmarks.servers import Servers

BATCH = 1_000
TABLES = ("subscribers", "journal")

Batch = tuple[bytes, ...]
"""For each table, its rows in the form that the statement takes."""


@dataclass(frozen=True)
class Floor:
    """A way to write rows: in which form they are read beforehand, how they become a batch, and the statement."""

    name: str
    read: str
    join: Callable[[Sequence[bytes]], bytes]
    write: "Callable[[psycopg.Connection, str, bytes], object]"

    def rate(self, servers: Servers, processes: int = 2) -> float:
        """Rows a second of each table: those that a contender has just written are removed and written again."""
        batches = self._batches(servers)
        assert servers.postgres is not None
        for table in TABLES:
            servers.postgres.execute(f"truncate {table}", database="spcm")
        servers.postgres.execute("checkpoint")
        context = multiprocessing.get_context("fork")
        ready = context.Barrier(processes + 1)
        ends = context.SimpleQueue()
        writers = [
            context.Process(target=self._write, args=(_url(servers), batches[i::processes], ready, ends), daemon=True)
            for i in range(processes)
        ]
        for writer in writers:
            writer.start()
        ready.wait(30)
        begun = time.monotonic()
        for writer in writers:
            writer.join()
            if writer.exitcode:
                raise Wrong(f"{self.name}: a writer has failed")
        ended = max(ends.get() for _ in writers)
        subscribers, _ = servers.rows()
        return float(subscribers / (ended - begun))

    def _batches(self, servers: Servers) -> list[Batch]:
        columns: list[list[bytes]] = []
        with psycopg.connect(_url(servers)) as connection:
            for table in TABLES:
                with connection.cursor().copy(self.read.format(table=table)) as copy:
                    rows = [bytes(row) for row in copy]
                columns.append([self.join(rows[i : i + BATCH]) for i in range(0, len(rows), BATCH)])
        return list(zip(*columns, strict=True))

    def _write(
        self, url: str, batches: Sequence[Batch], ready: "multiprocessing.synchronize.Barrier", ends: object
    ) -> None:
        with psycopg.connect(url) as connection:
            ready.wait(30)
            for batch in batches:
                for table, rows in zip(TABLES, batch, strict=True):
                    self.write(connection, table, rows)
                connection.commit()
            ends.put(time.monotonic())  # type: ignore[attr-defined]  # a SimpleQueue, which has no type of its own


def _by_copy(connection: "psycopg.Connection", table: str, rows: bytes) -> None:
    with connection.cursor().copy(f"copy {table} from stdin") as copy:
        copy.write(rows)


def _by_statement(connection: "psycopg.Connection", table: str, rows: bytes) -> None:
    connection.execute(_statement(table), {ROWS: rows.decode()})


@cache  # the worker compiles it once too
def _statement(table: str) -> str:
    return str(insert_rows("postgresql", metadata.tables[table]).compile(dialect=dialect()))  # type: ignore[no-untyped-call]


def _url(servers: Servers) -> str:
    return servers.database_url.replace("+psycopg", "", 1)


FLOORS = (
    Floor("the floor: rows only, by COPY", "copy {table} to stdout", b"".join, _by_copy),
    Floor(
        "the floor: rows only, by the worker's statement",
        # The characters that no JSON has: as they are, neither quoted nor escaped.
        r"copy (select row_to_json({table}) from {table}) to stdout (format csv, quote E'\x01', delimiter E'\x02')",
        lambda rows: b"[" + b",".join(rows) + b"]",
        _by_statement,
    ),
)
