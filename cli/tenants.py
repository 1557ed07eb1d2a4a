"""`spcm tenant`: add, list, remove."""

from typing import Annotated

import typer

from adapters.tenants import AlreadyThere, add_tenant, list_tenants, remove_tenant, require_tenant
from cli.database import database, engine_of
from cli.installation import choose_settings
from cli.names import tenant_name
from cli.options import AsJson, DataFolder
from cli.problems import Problem
from cli.terminal import ask_before_removing, print_json, screen, table

Name = Annotated[str, typer.Argument(metavar="NAME", help="The tenant's name.")]

app = typer.Typer(no_args_is_help=True, help="Tenants: operators that see nothing of each other.")


@app.command("add")
def add(name: Name, data: DataFolder = None) -> None:
    """Add a tenant."""
    try:
        with database(choose_settings(data)) as connection:
            add_tenant(connection, tenant_name(name))
    except AlreadyThere:
        raise Problem(f"tenant {name} is there already: `spcm user list --tenant {name}` shows its users") from None
    screen().print(f"tenant {name} added; it has no users yet: `spcm user add --tenant {name} ...`", soft_wrap=True)


@app.command("list")
def show(as_json: AsJson = False, data: DataFolder = None) -> None:
    """List all tenants, each with its number of users."""
    with database(choose_settings(data), reads=True) as connection:
        tenants = list_tenants(connection)
    if as_json:
        for name, users in tenants:
            print_json({"name": name, "users": users})
    else:
        screen().print(table(["tenant", "users"], tenants))


@app.command("remove")
def remove(name: Name, data: DataFolder = None) -> None:
    """Remove a tenant with all that it owns: users, resources, remembered commands. Asks first, on a terminal."""
    chosen = choose_settings(data)
    name = tenant_name(name)
    with database(chosen, reads=True) as connection:
        require_tenant(connection, name)
    ask_before_removing(f"Remove tenant {name} with all its users and subscribers?")
    with engine_of(chosen) as engine:
        remove_tenant(engine, name)
    screen().print(f"tenant {name} removed, with all that it owned", soft_wrap=True)
