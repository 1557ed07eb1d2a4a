"""What did not succeed in an import, until its end."""

import sqlite3
from collections.abc import Iterator, Mapping

from cli.problems import Problem
from spcm_client import ItemResult

_AT_ONCE = 1000

Row = tuple[int, str, int | None, str | None, str | None, str]


class Failures:
    """What did not succeed, in a temporary database: results come in the order of execution, lines are wanted.

    It takes memory for no more than `_AT_ONCE` results, and its file is gone when it is closed, or the process ends.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("")  # a file without a name
        self._database.execute("pragma journal_mode=off")
        self._database.execute("create table failures (line, id, status, reason, field, description)")
        self._rows: list[Row] = []

    def add(self, result: ItemResult) -> None:
        """Note down an item that did not succeed; its note is its line."""
        line = result.item.note
        self._rows += [
            (line, result.id, result.status, result.reason, field, description)
            for field, description in _faults(result)
        ]
        if len(self._rows) >= _AT_ONCE:
            self._flush()

    def rows(self) -> Iterator[Row]:
        """All of them, by line."""
        self._flush()
        return self._database.execute("select * from failures order by line, rowid")

    def lines(self) -> Iterator[int]:
        """Each line once."""
        self._flush()
        return (line for (line,) in self._database.execute("select distinct line from failures order by line"))

    def close(self) -> None:
        self._database.close()

    def _flush(self) -> None:
        try:
            self._database.executemany("insert into failures values (?, ?, ?, ?, ?, ?)", self._rows)
        except sqlite3.Error as error:
            words = f"what did not succeed finds no room in the folder for temporary files (TMPDIR): {error}"
            raise Problem(f"{words}; run the same import again to go on") from None
        self._rows.clear()


def _faults(result: ItemResult) -> Iterator[tuple[str | None, str]]:
    """Field and description of each fault of an item; most have one, without a field."""
    body = result.data if isinstance(result.data, Mapping) else {}
    errors = body.get("errors")
    if isinstance(errors, list):
        yield from ((error.get("field"), error.get("description", "")) for error in errors)
    else:
        yield None, str(body.get("message", _words(result)))


def _words(result: ItemResult) -> str:
    if result.reason is not None:
        return "What became of it cannot be read"
    return "It was not executed"
