"""`spcm submit`."""

import time
from io import FileIO
from typing import TYPE_CHECKING, Annotated

import typer

from cli.installation import choose_settings, connect_redis
from cli.options import AsJson, DataFolder
from cli.problems import FAILED, Problem

if TYPE_CHECKING:
    from cli.inbox import Inbox
    from cli.submission import Submission
    from cli.telling import Telling

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
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds without an outcome after which to give up.")]


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
    from cli.command_file import commands_in
    from cli.inbox import Inbox
    from cli.submission import Submission
    from cli.telling import Telling

    members = _members(tenant, user, password_env)
    chosen = choose_settings(data)
    with connect_redis(chosen.redis) as client:
        submission = Submission(client, members)
        # Unbuffered: a buffer's lock, held by the thread that reads, would break the interpreter's end.
        inbox = Inbox(commands_in(FileIO(0 if file == "-" else file, closefd=file != "-")))
        with Telling(as_json=as_json) as telling:
            if no_wait:
                _send_all(inbox, submission, telling)
            else:
                _send_and_wait(inbox, submission, telling, timeout)
    if inbox.fault is not None:
        raise inbox.fault
    if not telling.any:
        raise Problem("there was no command, and nothing was sent")
    if telling.failed:
        raise typer.Exit(FAILED)


def _members(tenant: str | None, user: str | None, variable: str | None) -> dict[str, str]:
    """What commands get that lack it. Raises Problem."""
    from cli.names import password_in, tenant_name, user_name
    from spcm_client.commands import basic_authorization

    members = {} if tenant is None else {"tenant": tenant_name(tenant)}
    if (user is None) != (variable is None):
        raise Problem("give --user and --password-env together")
    if user is not None and variable is not None:
        members["authorization"] = basic_authorization(user_name(user), password_in(variable))
    return members


def _send_all(inbox: "Inbox", submission: "Submission", telling: "Telling") -> None:
    while not inbox.ended:
        if commands := inbox.take(MOST_UNDER_WAY, seconds=_BLOCK):
            telling.sent(submission.send(commands), tell=True)
            submission.under_way.clear()


def _send_and_wait(inbox: "Inbox", submission: "Submission", telling: "Telling", timeout: float) -> None:
    """Raises Problem where no outcome came for so many seconds."""
    last = time.monotonic()
    while not inbox.ended or submission.under_way:
        room = MOST_UNDER_WAY - len(submission.under_way)
        if commands := inbox.take(room, seconds=0 if submission.under_way else _BLOCK):
            telling.sent(submission.send(commands))
            last = time.monotonic()
        if inbox.ended:
            telling.expect_no_more()
        if not submission.under_way:
            continue
        before = telling.outcomes
        for text, event in submission.outcomes(_patience(inbox, full=len(commands) >= room, sent=bool(commands))):
            telling.outcome(text, event)
        if telling.outcomes > before:
            last = time.monotonic()
        elif time.monotonic() - last > timeout:
            raise Problem(_late(len(submission.under_way), timeout))


def _patience(inbox: "Inbox", *, full: bool, sent: bool) -> float:
    if inbox.ended or full:
        return _BLOCK
    return 0.001 if sent else _SHORT_BLOCK


def _late(count: int, timeout: float) -> str:
    commands = "1 command has" if count == 1 else f"{count} commands have"
    return f"{commands} no outcome yet, {timeout:g} s after the last; they may still be executed (see `spcm status`)"
