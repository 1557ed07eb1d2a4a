"""`spcm`: the commands, and the one place in which what they raise becomes a line and an exit status."""

import io
import os
import sys
from contextlib import suppress
from importlib.metadata import version
from typing import Annotated

import typer

from cli.commands import MARKUP, Program
from cli.problems import Guard

app = typer.Typer(
    cls=Program,
    add_completion=False,
    rich_markup_mode=MARKUP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="SPCM: commands in Redis streams, one outcome each.",
    epilog="Settings are SPCM_* variables. Exit status: 0; 1 where an outcome is 400 or above, or doctor found a "
    "problem; 2 where a command could not do what it was asked; 130 after Ctrl-C; 141 where the reader of its output "
    "has gone.",
)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(version("spcm"))
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell the version and end.")
    ] = False,
) -> None:
    """What goes before a command."""


def main() -> None:
    """The program: ends with the command's status."""
    _replace_closed_streams()
    _replace_what_cannot_be_written()
    _make_streams_wait()
    with Guard() as guard:
        guard.status = int(app(prog_name="spcm", standalone_mode=False) or 0)
        sys.stdout.flush()
    if guard.status:
        _discard_what_nobody_reads()
    sys.exit(guard.status)


def _replace_closed_streams() -> None:
    """A stream that is closed is None for Python, and its number would be that of the next file."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - as long as the program runs


def _replace_what_cannot_be_written() -> None:
    """Where the terminal's encoding lacks a character, something stands in its place."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _make_streams_wait() -> None:
    """Some programs hand on pipes that do not wait: a read would find nothing, and a write no room."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        with suppress(OSError):
            os.set_blocking(stream.fileno(), True)


def _discard_what_nobody_reads() -> None:
    """After a closed pipe the interpreter would complain once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
