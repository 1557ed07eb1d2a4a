"""What is left of an import: a summary, a report of what did not succeed, and those lines, to be sent again."""

import fcntl
import os
import sqlite3
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from errno import EISDIR
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from cli.problems import Problem
from cli.transfer.csv_records import written_record
from cli.transfer.failures import Failures
from cli.transfer.source import Source
from spcm_client import ItemResult

HEADER = ("line", "id", "status", "reason", "field", "description")


class Report:
    """The files beside an imported one. They appear when the import has ended, each as a whole."""

    def __init__(self, path: Path, source: Source) -> None:
        """Raises Problem where they cannot be written."""
        self.path = path.with_name(f"{path.name}.report.csv")
        self.remainder = path.with_name(f"{path.name}.remainder{source.suffix}")
        self.statuses: Counter[tuple[int | None, str | None]] = Counter()
        self.replayed = 0
        self.failed = 0
        """How many items did not succeed."""
        self._source = source
        self._mode = path.stat().st_mode & 0o666
        self._failures = Failures()
        self._parts = ExitStack()
        self._files = [self._part(each) for each in (self.path, self.remainder)]

    @property
    def earlier(self) -> str:
        """What is to be said of an earlier run's report, until this one has taken its place."""
        ours = _is_at(self.path, self._files[0])
        return f"; {self.path} is that of an earlier run" if self.path.exists() and not ours else ""

    def add(self, result: ItemResult) -> None:
        """Count what became of an item."""
        self.statuses[result.status, result.reason] += 1
        self.replayed += result.replayed
        if not result.ok:
            self.failed += 1
            self._failures.add(result)

    @property
    def all(self) -> int:
        """How many items there were."""
        return self.statuses.total()

    def write(self) -> None:
        """Put the report in its place, and the remainder if there is one; one of an earlier run goes.

        Raises Problem where it cannot be written, though all has been executed.
        """
        try:
            self._write()
        except (OSError, sqlite3.Error) as error:
            words = f"{self.path} cannot be written ({getattr(error, 'strerror', error)})"
            raise Problem(f"{words}: all lines were sent; run the same import again, and it only tells") from None

    def _write(self) -> None:
        report, remainder = self._files
        report.write(written_record(HEADER).encode())
        for row in self._failures.rows():
            report.write(written_record(row).encode())
        if self.failed:
            self._source.write_lines(self._failures.lines(), remainder)
        for file in self._files:
            file.flush()
        for file, target in zip(self._files, (self.path, self.remainder), strict=True):
            os.replace(file.name, target)
        if not self.failed:
            self.remainder.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()
        self._failures.close()

    def _part(self, target: Path) -> BinaryIO:
        """A hidden file beside the target, which it replaces in the end; one that a killed run has left is used on."""
        part = target.with_name(f".{target.name}.part")
        try:
            if target.is_dir():
                raise IsADirectoryError(EISDIR, "it is a folder")
            file = part.open("ab")
            self._parts.callback(_close, file)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not _is_at(part, file):  # whoever had it until now has just put it in its place
                raise BlockingIOError
            file.truncate(0)
            # The remainder's lines are the imported file's own; but a killed import must be able to write on.
            os.fchmod(file.fileno(), self._mode | stat.S_IWUSR)
        except OSError as error:
            self._parts.close()
            words = "this file is being imported" if isinstance(error, BlockingIOError) else error.strerror
            raise Problem(f"{target} cannot be written ({words}); nothing was sent") from None
        self._parts.callback(_remove, part, file)
        return file


def _close(file: BinaryIO) -> None:
    """Also where what it still holds finds no room: then that was told."""
    with suppress(OSError):
        file.close()


def _remove(part: Path, file: BinaryIO) -> None:
    """Remove the part file, unless another import has made a new one since."""
    if _is_at(part, file):
        part.unlink()


def _is_at(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def summary(report: Report) -> Iterator[tuple[Any, ...]]:
    """Status, reason and count, by status."""
    known = sorted(report.statuses.items(), key=lambda each: (each[0][0] or 1000, each[0][1] or ""))
    for (status, reason), count in known:
        yield "not executed" if status is None else status, reason or "", f"{count:,}"
