"""`spcm up`: everything that executes commands, in one process' care."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TextIO

import typer

from adapters.settings import Settings
from cli.database import close_database, without_password
from cli.installation import choose_settings
from cli.options import DataFolder
from cli.running.servers import Servers, started_servers
from cli.running.worker import Worker
from cli.stopping import stopping_in_order
from cli.terminal import print_json

LOOK = 0.2
"""Seconds between two looks at what runs."""

Workers = Annotated[int, typer.Option(min=0, max=256, help="Worker processes; 0: none, the servers alone.")]
Port = Annotated[
    int | None, typer.Option("--redis-port", min=1, max=65535, help="Of the embedded Valkey; else a free one.")
]


def up(workers: Workers = 2, redis_port: Port = None, data: DataFolder = None) -> None:
    """Run workers, and the servers for which no URL is set, until Ctrl-C or SIGTERM.

    As soon as it is ready to execute commands it prints one JSON line:
    {"ready": true, "redis": ..., "database": ..., "partitions": 8}.
    """
    with stopping_in_order():
        chosen = choose_settings(data)
        with running(chosen, workers=workers, log=sys.stderr, redis_port=redis_port) as (servers, worker):
            _tell_ready(chosen, servers)
            _look_after(servers, worker)


@contextmanager
def running(
    chosen: Settings, *, workers: int, log: TextIO, redis_port: int | None = None
) -> Iterator[tuple[Servers, Worker | None]]:
    """Servers, and a worker that executes commands; the worker ends first. Raises what these raise."""
    with started_servers(chosen, redis_port) as servers:
        worker = Worker(workers, _environment(chosen, servers), log) if workers else None
        try:
            if worker is not None:
                worker.wait_until_ready()
            yield servers, worker
        finally:
            if worker is not None:
                worker.stop()
                close_database(chosen)


def _environment(chosen: Settings, servers: Servers) -> dict[str, str]:
    return {
        **os.environ,
        "SPCM_DATA": str(chosen.data.absolute()),
        "SPCM_REDIS_URL": servers.redis,
        "SPCM_DATABASE_URL": chosen.database,
    }


def _tell_ready(chosen: Settings, servers: Servers) -> None:
    database = without_password(chosen.database)
    print_json({"ready": True, "redis": servers.redis, "database": database, "partitions": chosen.partitions})


def _look_after(servers: Servers, worker: Worker | None) -> None:
    while True:
        time.sleep(LOOK)
        servers.look_after()
        if worker is not None:
            worker.look_after()
