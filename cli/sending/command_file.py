"""Commands in a file, or as they come through a pipe: JSON objects one after the other, or one array of them."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from typing import Any

from cli.problems import Problem
from domain.requests import LARGEST_BULK

LARGEST = 2 * LARGEST_BULK
"""Characters of one command. One above 4 MiB is refused by every worker; far above, it is not even sent."""

_CHUNK = 1024 * 1024
_LONGEST_INTEGER = 100  # characters: one that is an id by mistake is told as it was sent
_SPACE = re.compile(r"[ \t\r\n]*")
# Only to find out what is missing and where it goes: numbers of more digits than Python reads need only not to fail.
_decoder = json.JSONDecoder(parse_int=lambda text: int(text) if len(text) <= _LONGEST_INTEGER else float(text))


@dataclass(frozen=True, slots=True)
class WrittenCommand:
    """One JSON object as it was written, and its members as far as they can be understood here."""

    text: str
    members: dict[str, Any]


def commands_in(file: FileIO) -> Iterator[WrittenCommand]:
    """The commands, read as they are asked for. Raises Problem, with the line, for what is no JSON object."""
    text = _Text(file)
    if text.peek() != "[":
        while text.peek():
            yield text.command()
        return
    text.skip()
    more = text.peek() != "]"
    while more:
        yield text.command()
        if text.peek() not in (",", "]"):
            raise text.problem("a comma or the array's end must follow")
        more = text.peek() == ","
        if more:
            text.skip()
    text.skip()
    if text.peek():
        raise text.problem("nothing may follow the array")


class _Text:
    """A text of which no more is held than the value at hand needs."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._held = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            space = _SPACE.match(self._held, self._at)
            assert space is not None
            self._pass(space.end())
            if self._at < len(self._held):
                return self._held[self._at]
            if self._ended:
                return ""
            self._read()

    def skip(self) -> None:
        """Pass one character."""
        self._pass(self._at + 1)

    def command(self) -> WrittenCommand:
        """The object that begins here."""
        self.peek()
        while True:
            try:
                members, end = _decoder.raw_decode(self._held, self._at)
                break
            except RecursionError:
                raise self.problem("nested too deeply") from None
            except ValueError:
                if self._ended or len(self._held) - self._at > LARGEST:
                    raise self.problem("no JSON object begins here, or it has no end") from None
                self._read()
        if not isinstance(members, dict):
            raise self.problem("a command is a JSON object")
        text = self._held[self._at : end]
        self._pass(end)
        return WrittenCommand(text, members)

    def problem(self, words: str) -> Problem:
        return Problem(
            f"{self._file.name if isinstance(self._file.name, str) else 'stdin'}, line {self._line}: {words}"
        )

    def _pass(self, end: int) -> None:
        self._line += self._held.count("\n", self._at, end)
        self._at = end

    def _read(self) -> None:
        """Some more, as soon as there is some."""
        raw = self._file.read(_CHUNK)
        self._ended = not raw
        try:
            more = self._utf8.decode(raw, final=self._ended)
        except UnicodeDecodeError:
            raise self.problem("not UTF-8 here or further on") from None
        self._held, self._at = self._held[self._at :] + more, 0
