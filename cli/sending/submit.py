"""`spcm submit`."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from typing import Annotated

import typer
from redis import RedisError

from adapters.redis_client import connect
from cli.installation import choose_settings, likely_partitions
from cli.names import password_in, tenant_name, user_name
from cli.options import AsJson, DataFolder, Timeout
from cli.problems import FAILED, Problem, in_one_line, say
from cli.sending.command_file import commands_in
from cli.sending.inbox import Inbox
from cli.sending.outcome_printer import OutcomePrinter
from cli.sending.submission import Submission
from cli.stopping import terminated_as_by_ctrl_c
from cli.terminal import visible
from spcm_client.commands import basic_authorization

MOST_UNDER_WAY = 1_000
_BLOCK = 0.5  # seconds for which outcomes are waited for, where there is nothing else to do
_SHORT_BLOCK = 0.02  # and where commands may still come

File = Annotated[str, typer.Argument(metavar="FILE", help="Commands: JSON, or JSON lines; - is stdin.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait for outcomes.")]
Tenant = Annotated[str | None, typer.Option("--tenant", help="For commands that name no tenant.")]
User = Annotated[str | None, typer.Option("--user", metavar="NAME", help="For commands without authorization.")]
PasswordEnv = Annotated[
    str | None, typer.Option("--password-env", metavar="VAR", help="The variable that has the user's password.")
]


def submit(
    file: File = "-",
    no_wait: NoWait = False,
    tenant: Tenant = None,
    user: User = None,
    password_env: PasswordEnv = None,
    timeout: Timeout = 30.0,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Send commands and show their outcomes as they come; exit status 1 where one is 400 or above.

    What a command lacks of id, tenant and authorization is filled in; all else is sent as it is, right or wrong.
    """
    members = _members(tenant, user, password_env)
    if not file:
        raise Problem("give the name of a file of commands, or - for stdin")
    chosen = choose_settings(data)
    with connect(chosen.redis) as client:
        submission = Submission(client, members, partitions=likely_partitions(chosen, client), patience=timeout)
        # Unbuffered: a buffer's lock, held by the thread that reads, would break the interpreter's end.
        inbox = Inbox(commands_in(FileIO(0 if file == "-" else file, closefd=file != "-")))
        if file == "-" and sys.stdin.isatty():
            say("commands are read from the terminal, until Ctrl-D")
        with terminated_as_by_ctrl_c(), OutcomePrinter(as_json=as_json) as printer, _rest_is_told(inbox, submission):
            if no_wait:
                _send_all(inbox, submission, printer)
            else:
                _send_and_wait(inbox, submission, printer)
    if inbox.fault is not None:
        raise inbox.fault
    if not submission.sent:
        raise Problem("there was no command, and nothing was sent")
    if printer.failed:
        raise typer.Exit(FAILED)


def _members(tenant: str | None, user: str | None, variable: str | None) -> dict[str, str]:
    """What commands get that lack it. Raises Problem."""
    members = {} if tenant is None else {"tenant": tenant_name(tenant)}
    if (user is None) != (variable is None):
        raise Problem("give --user and --password-env together")
    if user is not None and variable is not None:
        members["authorization"] = basic_authorization(user_name(user), password_in(variable))
    return members


@contextmanager
def _rest_is_told(inbox: Inbox, submission: Submission) -> Iterator[None]:
    """Where it ends early: how much was sent, and the ids by which what has no outcome can be looked for."""
    try:
        yield
    except (Problem, RedisError) as error:
        if not (words := _rest(inbox, submission)):
            raise
        raise Problem(f"{in_one_line(error)}; {words}") from None
    except KeyboardInterrupt:
        if words := _rest(inbox, submission):
            say(words)
        raise


def _rest(inbox: Inbox, submission: Submission) -> str:
    rest = []
    inbox.take(1, seconds=0)  # only the end may be left
    if submission.sent and not inbox.ended:
        rest.append(f"what follows command {submission.sent} of the input was not sent")
    if ids := submission.unanswered:
        named = " ".join(visible(str(each)) for each in ids)
        commands = "1 command has" if len(ids) == 1 else f"{len(ids)} commands have"
        rest.append(f"{commands} no outcome yet and may still be executed, under these ids: {named}")
    return "; ".join(rest)


def _send_all(inbox: Inbox, submission: Submission, printer: OutcomePrinter) -> None:
    while not inbox.ended:
        if commands := inbox.take(MOST_UNDER_WAY, seconds=_BLOCK):
            printer.sent(submission.send(commands), tell=True)
            submission.under_way.clear()


def _send_and_wait(inbox: Inbox, submission: Submission, printer: OutcomePrinter) -> None:
    """Raises Problem where no outcome came for as long as the submission is patient."""
    last = time.monotonic()
    while not inbox.ended or submission.under_way:
        room = MOST_UNDER_WAY - len(submission.under_way)
        if commands := inbox.take(room, seconds=0 if submission.under_way else _BLOCK):
            printer.sent(submission.send(commands))
            last = time.monotonic()
        if inbox.ended:
            printer.expect_no_more()
        if not submission.under_way:
            continue
        before = printer.outcomes
        for text, event in submission.outcomes(
            _seconds_to_wait(inbox, full=len(commands) >= room, sent=bool(commands))
        ):
            printer.outcome(text, event)
        if printer.outcomes > before:
            last = time.monotonic()
        elif submission.silent_for_too_long(last):
            raise Problem(f"no outcome came within {submission.patience:g} s (see `spcm status`)")


def _seconds_to_wait(inbox: Inbox, *, full: bool, sent: bool) -> float:
    if inbox.ended or full:
        return _BLOCK
    return 0.001 if sent else _SHORT_BLOCK
