"""The file of an import: checked as a whole before anything is sent, then read again item by item."""

import codecs
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from cli.problems import Problem
from cli.transfer.columns import RowReader, WrongHeader, columns_of, item_of
from cli.transfer.csv_records import EMPTY_LINES, LONGEST, NotCsv, read_records
from domain.operations import Operation
from domain.strict_json import NotJson, Number, parse
from spcm_client import BulkItem, InvalidCommand

_ITEM_MEMBERS = {"id", "operation", "params", "payload"}


class Content(NamedTuple):
    """What a source holds: how many items, and a digest of all of its bytes."""

    items: int
    digest: str


class Source(Protocol):
    """A file of items. Raises Problem, with the line, for what cannot be imported."""

    suffix: str

    def check(self) -> Content:
        """Read all of it."""

    def items(self) -> Iterator[BulkItem]:
        """The items, each with its line as its note, and as its id where it has none."""

    def write_lines(self, lines: Iterable[int], to: BinaryIO) -> None:
        """Write what began on these lines (in their order, each once) as it was, below the header if there is one."""

    def close(self) -> None:
        """Let go of the file."""


def open_source(path: Path, operation: Operation) -> Source:
    """The source that the file's first byte tells: JSON lines begin with a brace, which no header of CSV does.

    An export of nothing is a header alone, or an empty .jsonl. Raises Problem for any other empty file, and for none.
    """
    if not path.is_file():
        raise Problem(f"{path} is no file")
    file = _File(path)
    beginning = file.from_the_start().read(64)
    if not beginning and path.suffix != JsonLines.suffix:
        raise Problem(f"{path} is empty")
    first = beginning.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if first == b"[":
        raise Problem(f"{path} is a JSON array: write its objects without it, each on a line of its own")
    is_json = first == b"{" or (not first and path.suffix == JsonLines.suffix)
    return JsonLines(file, operation) if is_json else CsvRows(file, operation)


class _File:
    """A file that is read several times. It stays the same where another takes its path, and must not be changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb")
        self._was = self._state()

    def from_the_start(self) -> BinaryIO:
        """To be read by one at a time. Raises Problem where it was changed since it was opened."""
        self.require_unchanged()
        self._file.seek(0)
        return self._file

    def require_unchanged(self) -> None:
        """Raises Problem."""
        if self._state() != self._was:
            raise Problem(f"{self._path} was changed while it was imported: import it again, and leave it as it is")

    def digest(self) -> str:
        return hashlib.file_digest(self.from_the_start(), "sha256").hexdigest()  # type: ignore[arg-type]  # typeshed's

    def problem(self, line: int, words: str) -> Problem:
        """What is wrong with a line. Raises Problem where the file was changed, which then is what is wrong."""
        self.require_unchanged()
        return Problem(f"{self._path}, line {line}: {words}")

    def close(self) -> None:
        self._file.close()

    def _state(self) -> tuple[int, int]:
        now = os.fstat(self._file.fileno())
        return now.st_size, now.st_mtime_ns


class CsvRows:
    """CSV: a header of field names, then a row for each item."""

    suffix = ".csv"

    def __init__(self, file: _File, operation: Operation) -> None:
        self._file = file
        self._operation = operation

    def check(self) -> Content:
        return Content(sum(1 for _ in self._rows()) - 1, self._file.digest())

    def items(self) -> Iterator[BulkItem]:
        rows = self._rows()
        _, _, header = next(rows)
        reader = self._reader(header)
        for line, _, cells in rows:
            yield reader.item(cells, id=str(line), note=line)

    def write_lines(self, lines: Iterable[int], to: BinaryIO) -> None:
        rows = self._rows()
        _, header, _ = next(rows)
        to.write(header)
        _write_wanted(lines, ((line, raw) for line, raw, _ in rows), to)

    def close(self) -> None:
        self._file.close()

    def _rows(self) -> Iterator[tuple[int, bytes, list[str | None]]]:
        """All records, each as long as the header, which is right. Raises Problem."""
        width = 0
        try:
            for record in read_records(self._file.from_the_start()):
                if not width:
                    self._reader(record.fields)
                    width = len(record.fields)
                if len(record.fields) != width:
                    raise NotCsv(record.line, f"it has {len(record.fields)} fields, and the header has {width}")
                yield record
        except NotCsv as fault:
            raise self._file.problem(fault.line, str(fault)) from None
        if not width:
            raise self._file.problem(1, "there is no header")
        self._file.require_unchanged()

    def _reader(self, header: list[str | None]) -> RowReader:
        try:
            return RowReader(self._operation, header)
        except WrongHeader as fault:
            raise self._file.problem(1, str(fault)) from None


class JsonLines:
    """JSON lines: on each the fields of an item, or a whole item, which names its operation."""

    suffix = ".jsonl"

    def __init__(self, file: _File, operation: Operation) -> None:
        self._file = file
        self._operation = operation
        self._columns = columns_of(operation)

    def check(self) -> Content:
        count = 0
        for item in self.items():
            count += 1
            try:
                item.written("")
            except InvalidCommand as fault:
                raise self._file.problem(item.note, str(fault)) from None
        return Content(count, self._file.digest())

    def items(self) -> Iterator[BulkItem]:
        for line, raw in self._lines():
            yield self._item(line, raw)

    def write_lines(self, lines: Iterable[int], to: BinaryIO) -> None:
        _write_wanted(lines, self._lines(), to)

    def close(self) -> None:
        self._file.close()

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        file, number = self._file.from_the_start(), 0
        while raw := file.readline(LONGEST + 1):
            number += 1
            if len(raw) > LONGEST:
                raise self._file.problem(number, f"the line is longer than {LONGEST} bytes")
            if raw not in EMPTY_LINES:
                yield number, raw
        self._file.require_unchanged()

    def _item(self, line: int, raw: bytes) -> BulkItem:
        try:
            members = _with_floats(parse(raw.removeprefix(codecs.BOM_UTF8) if line == 1 else raw))
        except NotJson:
            raise self._file.problem(line, "it is not JSON in UTF-8 without duplicate members") from None
        if not isinstance(members, dict):
            raise self._file.problem(line, "it is no JSON object")
        if "operation" not in members:
            return item_of(self._operation, self._columns, members, id=str(line), note=line)
        if not members.keys() <= _ITEM_MEMBERS:
            raise self._file.problem(line, "an item has the members operation, params, payload and id, and no others")
        members["id"] = str(line) if members.get("id") is None else members["id"]
        return BulkItem(**members, note=line)


def _write_wanted(wanted: Iterable[int], numbered: Iterable[tuple[int, bytes]], to: BinaryIO) -> None:
    """Those of the numbered ones that are wanted; both are in order."""
    left = iter(wanted)
    line = next(left, None)
    for number, raw in numbered:
        if line is None:
            return
        if number == line:
            to.write(raw)
            line = next(left, None)


def _with_floats(value: Any) -> Any:
    """The JSON value with floats for numbers that no field takes: rounded or not, they are refused alike."""
    if isinstance(value, dict):
        return {name: _with_floats(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_floats(element) for element in value]
    if isinstance(value, Number):
        return max(-sys.float_info.max, min(float(value.text), sys.float_info.max))
    return value
