"""`spcm deadletters`: list, show, resend, discard."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Annotated, Any

import redis
import typer

from adapters.dead_letters import DeadLetter, dead_letter, dead_letters, remove_dead_letters
from adapters.encoding import JsonText, encode
from adapters.redis_client import connect
from adapters.settings import Settings
from adapters.tenants import NoSuchTenant, require_tenant
from cli.database import database
from cli.installation import choose_settings, likely_partitions
from cli.names import password_in, tenant_name, user_name
from cli.options import AsJson, DataFolder, PasswordEnv, Timeout, UserOption
from cli.problems import FAILED, Problem, in_one_line, say
from cli.sending.outcome_printer import OutcomePrinter
from cli.sending.resending import Resending
from cli.sending.submission import Submission
from cli.stopping import terminated_as_by_ctrl_c
from cli.terminal import ask_before_removing, json_for_people, print_json, print_line, screen, table
from spcm_client.commands import basic_authorization
from spcm_client.streams import is_stream_id

Id = Annotated[str, typer.Argument(metavar="ID", help="A dead letter's id, as `spcm deadletters list` shows it.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Dead letters, by their ids.")]
Every = Annotated[bool, typer.Option("--all", help="All there are now.")]
OfTenant = Annotated[str | None, typer.Option("--tenant", metavar="TENANT", help="Only those of this tenant.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait for outcomes: remove what Redis has taken.")]

MOST_SHOWN = 1000
"""Rows of a table, which is laid out as a whole before it is printed."""

app = typer.Typer(no_args_is_help=True, help="Dead letters: commands that failed with 500, kept for an operator.")


@app.command("list")
def show_all(tenant: OfTenant = None, as_json: AsJson = False, data: DataFolder = None) -> None:
    """List dead letters, oldest first."""
    chosen = choose_settings(data)
    with connect(chosen.redis) as client:
        rows = (_row(letter) for letter in _those_of(chosen, client, tenant))
        if as_json:
            for row in rows:
                print_json(row)
        else:
            titles = ["id", "time", "tenant", "operation", "command id", "error", "tries"]
            first = islice(rows, MOST_SHOWN)
            cells = [["-" if cell is None else cell for cell in list(row.values())[: len(titles)]] for row in first]
            screen().print(table(titles, cells))
            if next(rows, None) is not None:
                say("there are more: --json lists all")


@app.command("show")
def show(letter_id: Id, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Show a dead letter as it is: the command without its authorization, and its outcome."""
    with connect(choose_settings(data).redis) as client:
        letter = _found(client, letter_id)
    command = JsonText(letter.command.decode()) if letter.members else None
    if as_json:
        whole = {**_row(letter), "command": command, "outcome": letter.event}
        print_line(encode(whole).decode())
        return

    shown = screen()
    shown.print(table(["", ""], [(name, "-" if value is None else value) for name, value in _row(letter).items()]))
    for title, value in (("command", command), ("outcome", letter.event)):
        shown.print(f"{title}:", style="bold")
        shown.print(json_for_people(encode(value).decode()))


@app.command("resend")
def resend(
    user: UserOption,
    password_env: PasswordEnv,
    letter_ids: Ids = None,
    every: Every = False,
    tenant: OfTenant = None,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Send the same commands again, under the same ids and your own credentials, and show their outcomes.

    A dead letter is removed when its command's outcome is there; not where that is 401, 403 or 503, which say that it
    was not executed. One that fails again is a new dead letter. Exit status 1 where an outcome is 400 or above.
    """
    authorization = basic_authorization(user_name(user), password_in(password_env))
    chosen = choose_settings(data)
    with connect(chosen.redis) as client:
        letters = _selected(chosen, client, letter_ids, tenant, every=every)
        members, partitions = {"authorization": authorization}, likely_partitions(chosen, client)
        submission = Submission(client, members, partitions=partitions, patience=timeout)
        with terminated_as_by_ctrl_c(), OutcomePrinter(as_json=as_json) as printer:
            resending = Resending(client, submission, printer)
            if no_wait:
                resending.send(letters)
            else:
                resending.send_and_wait(letters)
    if resending.unreadable:
        raise Problem(
            f"{_counted(resending.unreadable)} cannot be sent (no readable command):"
            " discard with `spcm deadletters discard`"
        )
    if not submission.sent and not resending.unreadable:
        say("there are no dead letters, and nothing was sent")
    if printer.failed:
        raise typer.Exit(FAILED)


@app.command("discard")
def discard(
    letter_ids: Ids = None,
    every: Every = False,
    tenant: OfTenant = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Remove dead letters for good. Asks first, on a terminal."""
    chosen = choose_settings(data)
    with connect(chosen.redis) as client:
        ids = [letter.id for letter in _selected(chosen, client, letter_ids, tenant, every=every)]
        if ids:
            ask_before_removing(f"Remove {_counted(len(ids))} for good?")
        removed = remove_dead_letters(client, ids)
    if as_json:
        print_json({"removed": removed})
    else:
        screen().print(f"{_counted(removed)} removed", soft_wrap=True)


def _row(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "time": letter.event.get("time"),
        "tenant": letter.tenant,
        "operation": letter.event.get("operation"),
        "commandid": letter.event.get("commandid"),
        "error": letter.error,
        "tries": letter.tries,
        "event": letter.event.get("id"),
    }


def _selected(
    chosen: Settings, client: redis.Redis, ids: list[str] | None, tenant: str | None, *, every: bool
) -> Iterator[DeadLetter]:
    """Raises Problem before anything is done with any of them."""
    if every == bool(ids):
        raise Problem("name dead letters by their ids, or give --all")
    if every:
        return _those_of(chosen, client, tenant)
    if tenant is not None:
        raise Problem("--tenant goes with --all")
    for each in ids or ():
        _found(client, each)
    return (_found(client, each) for each in dict.fromkeys(ids or ()))


def _those_of(chosen: Settings, client: redis.Redis, tenant: str | None) -> Iterator[DeadLetter]:
    """Raises Problem, or NoSuchTenant where a tenant has none: they can be there longer than their tenant."""
    if tenant is None:
        return dead_letters(client)
    name = tenant_name(tenant)
    letters = (letter for letter in dead_letters(client) if letter.tenant == name)
    first = next(letters, None)
    if first is None:
        _require_tenant(chosen, name)
        return iter(())
    return chain([first], letters)


def _require_tenant(chosen: Settings, name: str) -> None:
    """Raises NoSuchTenant, if there is a database to ask: dead letters are in Redis, and need none."""
    try:
        with database(chosen, reads=True) as connection:
            require_tenant(connection, name)
    except Exception as error:
        if isinstance(error, NoSuchTenant) or in_one_line(error) is None:
            raise


def _found(client: redis.Redis, letter_id: str) -> DeadLetter:
    """Raises Problem where there is none."""
    if "-" not in letter_id or not is_stream_id(letter_id):
        raise Problem("a dead letter's id is like 1763740800000-0: `spcm deadletters list` shows them")
    letter = dead_letter(client, letter_id)
    if letter is None:
        raise Problem(f"there is no dead letter {letter_id}: `spcm deadletters list` shows all")
    return letter


def _counted(count: int) -> str:
    return "1 dead letter" if count == 1 else f"{count} dead letters"
