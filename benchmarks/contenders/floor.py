"""The floor: the same rows in the same batches, written by the fastest statement there is, and nothing else.

No command is read, validated or answered, and no row is looked up. Nothing that writes these rows can be faster; COPY
is not what the worker uses, since a client that stops within it escapes PostgreSQL's timeouts.
"""

import multiprocessing
import time
from collections.abc import Sequence

import psycopg

from benchmarks.servers import Servers

name = "the floor: rows only, by COPY"
BATCH = 500
TABLES = ("subscribers", "journal")

Batch = tuple[bytes, ...]
"""For each table, its rows as COPY gives and takes them."""


def rate(servers: Servers, processes: int = 2) -> float:
    """Rows a second of each table: those that a contender has just written are removed and written again."""
    batches = _batches(servers)
    assert servers.postgres is not None
    for table in TABLES:
        servers.postgres.execute(f"truncate {table}", database="spcm")
    servers.postgres.execute("checkpoint")
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(processes + 1)
    ends = context.SimpleQueue()
    writers = [
        context.Process(target=_write, args=(_url(servers), batches[i::processes], ready, ends), daemon=True)
        for i in range(processes)
    ]
    for writer in writers:
        writer.start()
    ready.wait(30)
    begun = time.monotonic()
    ended = max(ends.get() for _ in writers)
    for writer in writers:
        writer.join()
    subscribers, _ = servers.rows()
    return float(subscribers / (ended - begun))


def _batches(servers: Servers) -> list[Batch]:
    columns: list[list[bytes]] = []
    with psycopg.connect(_url(servers)) as connection:
        for table in TABLES:
            with connection.cursor().copy(f"copy {table} to stdout") as copy:
                rows = [bytes(row) for row in copy]
            columns.append([b"".join(rows[i : i + BATCH]) for i in range(0, len(rows), BATCH)])
    return list(zip(*columns, strict=True))


def _write(url: str, batches: Sequence[Batch], ready: "multiprocessing.synchronize.Barrier", ends: object) -> None:
    with psycopg.connect(url) as connection:
        ready.wait(30)
        for batch in batches:
            for table, rows in zip(TABLES, batch, strict=True):
                with connection.cursor().copy(f"copy {table} from stdin") as copy:
                    copy.write(rows)
            connection.commit()
        ends.put(time.monotonic())  # type: ignore[attr-defined]  # a SimpleQueue, which has no type of its own


def _url(servers: Servers) -> str:
    return servers.database_url.replace("+psycopg", "", 1)
