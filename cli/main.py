"""`spcm`: the commands, and the one place in which what they raise becomes a line and an exit status."""

import io
import os
import sys
from typing import Annotated

import typer

from cli import tenants, users
from cli.bench import bench
from cli.demo import demo
from cli.doctor.command import doctor
from cli.migrate import migrate
from cli.outcomes.follow import follow
from cli.outcomes.outcome import outcome
from cli.outcomes.republish import republish
from cli.problems import Guard
from cli.running.up import up
from cli.sending import deadletters
from cli.sending.submit import submit
from cli.status import status
from cli.transfer.export_command import export
from cli.transfer.import_command import import_file

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="markdown",  # the default keeps the line breaks of docstrings
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="SPCM: commands in Redis streams, one outcome each.",
    epilog="Settings are SPCM_* variables. Exit status: 0; 1 where an outcome is 400 or above, or doctor found a "
    "problem; 2 where a command could not do what it was asked; 130 after Ctrl-C; 141 where the reader of its output "
    "has gone.",
)


def _tell_version(asked: bool) -> None:
    from importlib.metadata import version

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


app.command("up")(up)
app.command("demo")(demo)
app.add_typer(tenants.app, name="tenant")
app.add_typer(users.app, name="user")
app.command("submit")(submit)
app.command("follow")(follow)
app.command("outcome")(outcome)
app.command("status")(status)
app.add_typer(deadletters.app, name="deadletters")
app.command("republish")(republish)
app.command("import")(import_file)
app.command("export")(export)
app.command("migrate")(migrate)
app.command("doctor")(doctor)
app.command("bench")(bench)


def main() -> None:
    """The program: ends with the command's status."""
    _open_what_is_closed()
    _write_what_can_be_written()
    with Guard() as guard:
        guard.status = int(app(prog_name="spcm", standalone_mode=False) or 0)
        sys.stdout.flush()
    if guard.status:
        _forget_what_nobody_reads()
    sys.exit(guard.status)


def _open_what_is_closed() -> None:
    """A stream that is closed is None for Python, and its number would be that of the next file."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - as long as the program runs


def _write_what_can_be_written() -> None:
    """Where the terminal's encoding lacks a character, something stands in its place."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.encoding != "utf-8":
        sys.stdout.reconfigure(errors="replace")


def _forget_what_nobody_reads() -> None:
    """After a closed pipe the interpreter would complain once more at its end."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
