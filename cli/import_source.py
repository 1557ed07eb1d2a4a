"""The file of an import: checked as a whole before anything is sent, then read again item by item."""

import codecs
import hashlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from cli.columns import RowReader, WrongHeader, columns_of, item_of
from cli.csv_records import LONGEST, NotCsv, read_records
from cli.problems import Problem
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


def open_source(path: Path, operation: Operation) -> Source:
    """The source that the file's first byte tells: JSON lines begin with a brace, which no header of CSV does.

    An export of nothing is a header alone, or an empty .jsonl. Raises Problem for any other empty file, and for none.
    """
    if not path.is_file():
        raise Problem(f"{path} is no file")
    with path.open("rb") as file:
        beginning = file.read(64)
    if not beginning and path.suffix != JsonLines.suffix:
        raise Problem(f"{path} is empty")
    first = beginning.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if first == b"[":
        raise Problem(f"{path} is a JSON array: write its objects without it, each on a line of its own")
    is_json = not beginning or first == b"{"
    return JsonLines(path, operation) if is_json else CsvRows(path, operation)


class CsvRows:
    """CSV: a header of field names, then a row for each item."""

    suffix = ".csv"

    def __init__(self, path: Path, operation: Operation) -> None:
        self._path = path
        self._operation = operation

    def check(self) -> Content:
        return Content(sum(1 for _ in self._rows()) - 1, _digest(self._path))

    def items(self) -> Iterator[BulkItem]:
        rows = self._rows()
        _, _, header = next(rows)
        reader = self._reader(header)
        for line, _, cells in rows:
            yield reader.item(cells, id=str(line), note=line)

    def write_lines(self, lines: Iterable[int], to: BinaryIO) -> None:
        wanted = iter(lines)
        line = next(wanted, None)
        for place, (begins, raw, _) in enumerate(self._rows()):
            if place == 0:
                to.write(raw)
            elif begins == line:
                to.write(raw)
                line = next(wanted, None)
            if line is None:
                return

    def _rows(self) -> Iterator[tuple[int, bytes, list[str | None]]]:
        """All records, each as long as the header, which is right. Raises Problem."""
        width = 0
        try:
            with self._path.open("rb") as file:
                for record in read_records(file):
                    if not width:
                        self._reader(record.fields)
                        width = len(record.fields)
                    if len(record.fields) != width:
                        raise NotCsv(record.line, f"it has {len(record.fields)} fields, and the header has {width}")
                    yield record
        except NotCsv as fault:
            raise _problem(self._path, fault.line, str(fault)) from None

    def _reader(self, header: list[str | None]) -> RowReader:
        try:
            return RowReader(self._operation, header)
        except WrongHeader as fault:
            raise _problem(self._path, 1, str(fault)) from None


class JsonLines:
    """JSON lines: on each the fields of an item, or a whole item, which names its operation."""

    suffix = ".jsonl"

    def __init__(self, path: Path, operation: Operation) -> None:
        self._path = path
        self._operation = operation
        self._columns = columns_of(operation)

    def check(self) -> Content:
        count = 0
        for item in self.items():
            count += 1
            try:
                item.written("")
            except InvalidCommand as fault:
                raise _problem(self._path, item.note, str(fault)) from None
        return Content(count, _digest(self._path))

    def items(self) -> Iterator[BulkItem]:
        for line, raw in self._lines():
            yield self._item(line, raw)

    def write_lines(self, lines: Iterable[int], to: BinaryIO) -> None:
        wanted = iter(lines)
        line = next(wanted, None)
        for number, raw in self._lines():
            if line is None:
                return
            if number == line:
                to.write(raw)
                line = next(wanted, None)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        with self._path.open("rb") as file:
            number = 0
            while raw := file.readline(LONGEST + 1):
                number += 1
                if len(raw) > LONGEST:
                    raise _problem(self._path, number, f"the line is longer than {LONGEST} bytes")
                yield number, raw

    def _item(self, line: int, raw: bytes) -> BulkItem:
        try:
            members = _with_floats(parse(raw.removeprefix(codecs.BOM_UTF8) if line == 1 else raw))
        except NotJson:
            raise _problem(self._path, line, "it is no JSON in UTF-8, without duplicate members") from None
        if not isinstance(members, dict):
            raise _problem(self._path, line, "it is no JSON object")
        if "operation" not in members:
            return item_of(self._operation, self._columns, members, id=str(line), note=line)
        if not members.keys() <= _ITEM_MEMBERS:
            raise _problem(self._path, line, "an item has the members operation, params, payload and id, and no others")
        members["id"] = str(line) if members.get("id") is None else members["id"]
        return BulkItem(**members, note=line)


def _with_floats(value: Any) -> Any:
    """The JSON value with floats for numbers that no field takes: rounded or not, they are refused alike."""
    if isinstance(value, dict):
        return {name: _with_floats(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_floats(element) for element in value]
    if isinstance(value, Number):
        return max(-sys.float_info.max, min(float(value.text), sys.float_info.max))
    return value


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _problem(path: Path, line: int, words: str) -> Problem:
    return Problem(f"{path}, line {line}: {words}")
