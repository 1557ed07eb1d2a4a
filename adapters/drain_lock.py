"""On SQLite one process at a time drains a partition, from before its batch begins until its outcomes are told.

PostgreSQL turns away whoever comes second (`adapters.partition_lock`). SQLite lets everybody wait who wants to write:
who waited for a long batch would come in right after its commit, take the commands that are just being told, and so
keep the first one from telling them; then the first would do the same to it. A lock on a file ends with its process.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from adapters.failures import Unavailable
from adapters.sqlite import beside


@contextmanager
def drain_lock(engine: Engine, partition: int) -> Iterator[bool]:
    """Whether the partition is the caller's until the block ends. Raises Unavailable."""
    folder = beside(Path(engine.url.database or ""), "-drains")
    try:
        folder.mkdir(exist_ok=True)
        file = (folder / str(partition)).open("ab")
    except OSError as error:
        raise Unavailable(f"SQLite: {error.filename}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            ours = False
        except OSError as error:  # not every file system has such locks
            raise Unavailable(f"SQLite: {file.name}: {error.strerror}") from error
        else:
            ours = True
        yield ours
