"""What is left of an import: a summary, a report of what did not succeed, and those lines, to be sent again."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cli.problems import Problem
from cli.transfer.csv_records import written_record
from cli.transfer.failures import Failures
from cli.transfer.part_file import PartFile
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
        self._failures = Failures()
        mode = path.stat().st_mode & 0o666  # the remainder's lines are the imported file's own
        with ExitStack() as opened:
            self._report = opened.enter_context(PartFile(self.path, mode))
            self._remainder = opened.enter_context(PartFile(self.remainder, mode))
            self._opened = opened.pop_all()

    @property
    def earlier(self) -> str:
        """What is to be said of an earlier run's report, until this one has taken its place."""
        earlier = self.path.exists() and not self._report.in_place
        return f"; {self.path} is that of an earlier run" if earlier else ""

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
        report, remainder = self._report.file, self._remainder.file
        report.write(written_record(HEADER).encode())
        for row in self._failures.rows():
            report.write(written_record(row).encode())
        if self.failed:
            self._source.write_lines(self._failures.lines(), remainder)
        report.flush()
        remainder.flush()
        self._report.put_in_place()
        self._remainder.put_in_place()
        if not self.failed:
            self.remainder.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()
        self._failures.close()


def summary(report: Report) -> Iterator[tuple[Any, ...]]:
    """Status, reason and count, by status."""
    known = sorted(report.statuses.items(), key=lambda each: (each[0][0] or 1000, each[0][1] or ""))
    for (status, reason), count in known:
        yield "not executed" if status is None else status, reason or "", f"{count:,}"
