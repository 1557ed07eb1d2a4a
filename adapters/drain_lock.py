"""On SQLite one process at a time drains a partition, from before its batch begins until its outcomes are told.

PostgreSQL turns away whoever comes second (`adapters.partition_lock`). SQLite lets everybody wait who wants to write:
who waited for a long batch would come in right after its commit, take the commands that are just being told, and so
keep the first one from telling them; then the first would do the same to it. A lock on a file ends with its process.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine

from adapters.failures import Unavailable

GRACE = 0.1
"""Seconds to wait for the lock: its holder may have counted what is left, and so miss a command that came since."""

LOOK = 0.001
"""Seconds between two looks."""


@contextmanager
def drain_lock(engine: Engine, partition: int) -> Iterator[bool]:
    """Whether the partition is the caller's until the block ends; always on PostgreSQL. Raises Unavailable."""
    if engine.dialect.name != "sqlite":
        yield True
        return
    with _lock_file(Path(engine.url.database or "").resolve(), partition) as file:
        yield _locked(file)


def _lock_file(database: Path, partition: int) -> BinaryIO:
    folder = database.with_name(f"{database.name}-drains")
    try:
        folder.mkdir(exist_ok=True)
        return (folder / str(partition)).open("ab")
    except OSError as error:
        raise Unavailable(f"SQLite: {folder}: {error.strerror}") from error


def _locked(file: BinaryIO) -> bool:
    enough = time.monotonic() + GRACE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > enough:
                return False
            time.sleep(LOOK)
        except OSError as error:  # not every file system has such locks
            raise Unavailable(f"SQLite: {file.name}: {error.strerror}") from error
        else:
            return True
