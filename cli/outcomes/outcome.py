"""`spcm outcome`."""

from typing import Annotated

import typer

from adapters.encoding import encode
from adapters.journal import outcome_of_command
from adapters.tenants import require_tenant
from cli import names
from cli.database import database
from cli.installation import choose_settings
from cli.options import AsJson, DataFolder, TenantOption
from cli.problems import FAILED, Problem
from cli.terminal import json_for_people, print_line, screen, table
from domain.outcomes import Outcome

CommandId = Annotated[str, typer.Argument(metavar="COMMAND_ID", help="The command's id.")]


def outcome(command_id: CommandId, tenant: TenantOption, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Show a command's stored outcome; exit status 1 where it is 400 or above, 2 where none is stored.

    Stored are the outcomes of executed commands: not of reads, of dry runs, of those refused with 400, 401, 403, 412 or
    503, nor of those that failed with 500.
    """
    name, asked = names.tenant_name(tenant), names.command_id(command_id)
    with database(choose_settings(data), reads=True) as connection:
        require_tenant(connection, name)
        found = outcome_of_command(connection, name, asked)
    if found is None:
        raise Problem(f"no outcome of {asked} is remembered for tenant {name}")
    if as_json:
        print_line(encode(found.event()).decode())
    else:
        _show(found)
    if found.status >= 400:
        raise typer.Exit(FAILED)


def _show(outcome: Outcome) -> None:
    shown = screen()
    shown.print(table(["attribute", "value"], outcome._replace(data=None).event().items()))
    if outcome.data is not None:
        shown.print(json_for_people(outcome.data.text))
