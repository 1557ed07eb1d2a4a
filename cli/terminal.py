"""What is shown: tables for people, JSON lines for programs; and what people are asked."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.json import JSON
from rich.table import Table
from rich.text import Text

from cli.problems import Problem

_WIDE = 120
"""Columns of what is written to a file or a pipe."""


class Screen(Console):
    """A console for which a reader that has gone is no reason for a status of its own."""

    def on_broken_pipe(self) -> None:
        """Raises BrokenPipeError, as a plain write does."""
        raise BrokenPipeError


def screen() -> Screen:
    """Stdout, for people."""
    made = Screen(highlight=False, emoji=False, markup=False)
    if not made.is_terminal:
        made.width = _WIDE
    return made


def errors() -> Screen:
    """Stderr, for people."""
    return Screen(stderr=True, highlight=False, emoji=False, markup=False)


def print_json(value: Any) -> None:
    """One JSON value, on a line of its own."""
    print_line(json.dumps(value, ensure_ascii=False))


def print_line(text: str) -> None:
    """A line that a program reads, at once; UTF-8, as JSON is, whatever the terminal's own encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{text}\n".encode(errors="replace"))
    sys.stdout.buffer.flush()


def ask_before_removing(question: str) -> None:
    """On a terminal. Raises Problem where the answer is no."""
    if sys.stdin.isatty() and not typer.confirm(question, err=True):
        raise Problem("nothing was removed")


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table; a cell is text that is already styled, or anything that can be written as text."""
    made = Table()
    for name in titles:
        made.add_column(name, overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(visible(str(cell))) for cell in row))
    return made


def json_for_people(text: str) -> JSON | Text:
    """JSON, indented; as it is where it has integers of more digits than Python reads."""
    try:
        return JSON(text, highlight=False)
    except ValueError:
        return Text(visible(text))


def visible(text: str) -> str:
    """The text without what would steer a terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def colour_of(status: int) -> str:
    """How an outcome's status is shown."""
    if status < 300:
        return "green" if status != 207 else "yellow"
    return "yellow" if status < 500 else "red"
