"""SQLite, the embedded default: one file with its write-ahead log, and one writer at a time."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError

from adapters.failures import Unavailable

BUSY_TIMEOUT = 5_000
"""Milliseconds that a writer waits for another one, whose lock nobody else must hold for long."""

BUSY_LOOK = 0.001
"""Seconds between two looks whether the other writer is done. SQLite's own waiting soon looks every 100 ms only, and so
seldom finds a busy writer between two of its batches."""

LONG_LOG = 128 * 1024 * 1024
"""Bytes of the write-ahead log from which a writer begins it anew. SQLite does that by itself only where nobody commits
while it copies the log into the file: beside another busy writer the log would grow without end."""

KEPT_LOG = LONG_LOG // 2
"""Bytes of its file that stay then: writing over what is there is faster than making a file longer."""

PATIENCE_WITH_READERS = 0.25
"""Seconds for which a writer tries to begin the log anew while somebody reads an older state, which needs it."""

_Identities = tuple[tuple[int, int] | None, tuple[int, int] | None]
"""Of the file and of its log: device and inode."""

READS = {"spcm_reads": True}
"""Execution options of a connection that only reads, and so must not keep the one writer out."""


def sqlite_engine(url: URL, statement_timeout: int) -> Engine:
    """An engine for the file of the URL; `statement_timeout` in milliseconds."""
    file = _File(Path(url.database or "").absolute(), min(BUSY_TIMEOUT, statement_timeout))
    engine = create_engine(url, creator=file.connect, hide_parameters=True)
    event.listen(engine, "connect", file.set_up)
    event.listen(engine, "checkout", file.require)
    event.listen(engine, "begin", file.begin)
    return engine


def beside(database: Path, ending: str) -> Path:
    """What belongs to the database's file, where SQLite too has it: of a link, beside what it leads to."""
    file = database.resolve()
    return file.with_name(f"{file.name}{ending}")


class _File:
    """The file at a path, and its write-ahead log.

    SQLite goes on writing to one that was removed or replaced, and all of that is lost with the process.
    """

    def __init__(self, path: Path, busy_timeout: int) -> None:
        self._path = path
        self._busy_timeout = busy_timeout
        self._found: _Identities | None = None
        self._long = LONG_LOG

    def connect(self) -> sqlite3.Connection:
        """A new connection; an empty file is made only where there was none, and no log of one.

        Raises Unavailable where a log lies beside no file or another one: SQLite would remove it, or lay it over that.
        """
        new, held = not _size(self._path), _size(self._log)
        if new and held:
            raise Unavailable(f"SQLite: {self._path} is gone, but not {self._log.name}: put the file back beside it")
        if self._found is not None:
            (file, log), (file_before, log_before) = self._identities(), self._found
            if file not in (None, file_before) and log is not None and log == log_before:
                raise Unavailable(
                    f"SQLite: {self._path} is another file than before: remove {self._log.name} beside it"
                )
        mode = "rwc" if new and self._found is None else "rw"
        return sqlite3.connect(
            f"{self._path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self._busy_timeout / 1000,
            isolation_level=None,
            check_same_thread=False,  # SQLAlchemy's pool gives it to one at a time
        )

    def set_up(self, connection: Any, record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-32000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA journal_size_limit={KEPT_LOG}")
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # from now on there is a log
        record.info["files"] = self._found = self._identities()

    def require(self, _connection: Any, record: Any, _proxy: Any) -> None:
        """Raises DisconnectionError, and SQLAlchemy connects again, where another file is at the path, or none."""
        if record.info["files"] != self._identities():
            raise DisconnectionError

    def begin(self, connection: Connection) -> None:
        """Begin as the one writer, after waiting for another; a connection that only reads begins at once.

        A plain BEGIN takes the writer's place only at the first write, and fails if another came in between.
        """
        if connection.get_execution_options().get("spcm_reads"):
            connection.exec_driver_sql("BEGIN")
            return
        driver: Any = connection.connection.driver_connection
        enough = time.monotonic() + self._busy_timeout / 1000
        driver.execute("PRAGMA busy_timeout=0")
        try:
            self._shorten_log(driver)
            while _kept_out(driver) and time.monotonic() < enough:
                time.sleep(BUSY_LOOK)
            if not driver.in_transaction:
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # fails again, as a failure that SQLAlchemy translates
        finally:
            driver.execute(f"PRAGMA busy_timeout={self._busy_timeout}")

    @property
    def _log(self) -> Path:
        return beside(self._path, "-wal")

    def _identities(self) -> _Identities:
        return _identity(self._path), _identity(self._log)

    def _shorten_log(self, driver: sqlite3.Connection) -> None:
        """Copy a log that is long into the file, so that it begins anew; where readers hinder that, not before it has
        doubled.
        """
        size = _size(self._log)
        if size < self._long:
            return
        enough = time.monotonic() + PATIENCE_WITH_READERS
        while (hindered := _checkpoint(driver)) and time.monotonic() < enough:
            time.sleep(BUSY_LOOK)
        self._long = 2 * size if hindered else LONG_LOG


def _checkpoint(driver: sqlite3.Connection) -> bool:
    """Copy all of the log; whether somebody hinders it."""
    try:
        return bool(driver.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()[0])
    except sqlite3.OperationalError:  # what is wrong shows in the transaction, too
        return True


def _kept_out(driver: sqlite3.Connection) -> bool:
    """Begin to write; whether somebody else does already."""
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as failure:
        return failure.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return False


def _identity(path: Path) -> tuple[int, int] | None:
    found = _stat(path)
    return None if found is None else (found.st_dev, found.st_ino)


def _size(path: Path) -> int:
    """0 where there is none."""
    found = _stat(path)
    return 0 if found is None else found.st_size


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
