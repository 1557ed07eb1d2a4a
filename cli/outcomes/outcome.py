"""`spcm outcome`."""

import json
from typing import Annotated, Any

import typer
from rich.json import JSON

from adapters.encoding import encode
from adapters.journal import outcome_of_command
from adapters.tenants import require_tenant
from cli import names
from cli.database import database
from cli.installation import choose_settings
from cli.options import AsJson, DataFolder, TenantOption
from cli.problems import FAILED, Problem
from cli.terminal import print_line, screen, table

CommandId = Annotated[str, typer.Argument(metavar="COMMAND_ID", help="The command's id.")]


def outcome(command_id: CommandId, tenant: TenantOption, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Show the outcome that is stored of a command; exit status 1 where it is 400 or above, 2 where there is none.

    Remembered are commands that were executed: not reads, dry runs, those refused with 400, 401, 403, 412 or 503, and
    those that failed with 500.
    """
    name, asked = names.tenant_name(tenant), names.command_id(command_id)
    with database(choose_settings(data), reads=True) as connection:
        require_tenant(connection, name)
        found = outcome_of_command(connection, name, asked)
    if found is None:
        raise Problem(f"no outcome of {asked} is remembered for tenant {name}")
    text = encode(found.event()).decode()
    if as_json:
        print_line(text)
    else:
        _show(json.loads(text))
    if found.status >= 400:
        raise typer.Exit(FAILED)


def _show(event: dict[str, Any]) -> None:
    body = event.pop("data", None)
    shown = screen()
    shown.print(table(["attribute", "value"], event.items()))
    if body is not None:
        shown.print(JSON.from_data(body, highlight=False))
