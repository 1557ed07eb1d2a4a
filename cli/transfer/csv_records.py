"""CSV as RFC 4180 has it, in constant memory, with what the standard library's reader does not tell.

An empty field is null and `""` an empty string; each record comes with its line and with the bytes that it was. Lines
may end in LF or CRLF, mixed, and empty ones are no records. Whatever else is no CSV is refused with its line number,
not guessed at.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from domain.requests import LARGEST_BULK

LONGEST = LARGEST_BULK
"""Bytes of one record: no command could hold a longer one."""

EMPTY_LINES = (b"\n", b"\r\n")
"""As editors leave them at a file's end."""

Cells = list[str | None]


class NotCsv(ValueError):
    """Raised where bytes are no CSV; `line` is where, from 1."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line = line


class Record(NamedTuple):
    """One record: the line on which it begins, its bytes with their line end, and its fields."""

    line: int
    raw: bytes
    fields: Cells


def read_records(file: BinaryIO) -> Iterator[Record]:
    """The records of a file in UTF-8, the header too; a byte order mark is part of the first one's bytes.

    Raises:
        NotCsv: not UTF-8, a NUL, a record longer than `LONGEST`, or a quote or carriage return that is out of place.

    """
    line = 1
    while raw := file.readline(LONGEST + 1):
        if raw in EMPTY_LINES:
            line += 1
            continue
        if b'"' in raw:
            raw = _with_quoted_lines(file, raw, line)
        elif len(raw) > LONGEST:
            raise NotCsv(line, _TOO_LONG)
        yield Record(line, raw, _fields(raw, line))
        line += raw.count(b"\n")


def written_record(fields: Iterable[object]) -> str:
    """A line of CSV: null is empty, an empty string `""`, booleans `true` and `false`."""
    return ",".join([_written(field) for field in fields]) + "\n"


_TOO_LONG = f"the line is longer than {LONGEST} bytes"


def _with_quoted_lines(file: BinaryIO, raw: bytes, line: int) -> bytes:
    """The record, with the lines that a quoted field goes on to."""
    lines, length, quotes = [raw], len(raw), raw.count(b'"')
    if quotes % 2 and length <= LONGEST:
        _refuse_misplaced_quotes(raw, line)
    while quotes % 2:
        more = file.readline(LONGEST + 1 - length)
        if length > LONGEST:
            raise NotCsv(line, f"a quote is opened and not closed within {LONGEST} bytes")
        if not more:
            raise NotCsv(line + _open_quote(b"".join(lines), line), "a quote is opened and not closed")
        lines.append(more)
        length += len(more)
        quotes += more.count(b'"')
    if length > LONGEST:
        raise NotCsv(line, _TOO_LONG)
    return b"".join(lines)


def _refuse_misplaced_quotes(raw: bytes, line: int) -> None:
    """A quote that opens nothing would make half of the file one field."""
    with suppress(_Open):
        _split(_decoded(raw, line), line)


def _open_quote(raw: bytes, line: int) -> int:
    """On which line of the record the quote stands that is not closed, from 0."""
    text = _decoded(raw, line)
    try:
        _split(text, line)
    except _Open as open_quote:
        return text.count("\n", 0, open_quote.at)
    return 0


def _fields(raw: bytes, line: int) -> Cells:
    text = _decoded(raw, line)
    text = text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")
    if '"' not in text and "\r" not in text:
        return [cell or None for cell in text.split(",")]
    cells = _CELLS.findall(f"{text},")
    if len(",".join(cells)) != len(text):
        return _split(text, line)  # something was passed over: what, and where?
    return [None if not cell else _unquoted(cell) if cell[0] == '"' else cell for cell in cells]


_CELLS = re.compile(r'("(?:[^"]++|"")*+"|[^",\r\n]*+),')


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"')


def _decoded(raw: bytes, line: int) -> str:
    if b"\0" in raw:
        raise NotCsv(line + raw.count(b"\n", 0, raw.index(b"\0")), "there is a NUL: the file must be text in UTF-8")
    if line == 1:
        raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise NotCsv(line + raw.count(b"\n", 0, error.start), "it is not UTF-8") from None


class _Open(Exception):
    """Raised where the text ends within a quoted field; `at` is where that begins."""

    def __init__(self, at: int) -> None:
        self.at = at


def _split(text: str, line: int) -> Cells:
    fields: Cells = []
    at = 0
    while True:
        if text.startswith('"', at):
            end = _closing_quote(text, at)
            end += 1
            fields.append(_unquoted(text[at:end]))
            if end < len(text) and text[end] != ",":
                raise NotCsv(
                    line + text.count("\n", 0, end), "after a closing quote a comma or the line's end must follow"
                )
        else:
            end = text.find(",", at)
            end = len(text) if end < 0 else end
            cell = text[at:end]
            if '"' in cell:
                raise NotCsv(line + text.count("\n", 0, at), "a quote is inside a field that does not begin with one")
            if "\r" in cell:
                raise NotCsv(
                    line + text.count("\n", 0, at), "a carriage return is neither quoted nor part of a line end"
                )
            fields.append(cell or None)
        if end == len(text):
            return fields
        at = end + 1


def _closing_quote(text: str, opening: int) -> int:
    at = opening + 1
    while (end := text.find('"', at)) >= 0:
        if not text.startswith('"', end + 1):
            return end
        at = end + 2
    raise _Open(opening)


def _written(field: object) -> str:
    if field is None:
        return ""
    if isinstance(field, bool):
        return "true" if field else "false"
    text = str(field)
    if not text or any(special in text for special in ',"\n\r'):
        return f'"{text.replace(chr(34), chr(34) * 2)}"'
    return text
