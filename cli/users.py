"""`spcm user`: add, list, remove, password, permissions."""

import sys
from typing import Annotated

import typer

from adapters.tenants import AlreadyThere
from adapters.users import add_user, list_users, remove_user, set_password, set_permissions
from cli.database import database
from cli.installation import choose_settings
from cli.names import password, permissions, tenant_name, user_name
from cli.options import AsJson, DataFolder, TenantOption
from cli.problems import Problem, say
from cli.stopping import terminated_as_by_ctrl_c
from cli.terminal import print_json, screen, table

Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from stdin, up to its end.")]
Granted = Annotated[
    list[str] | None,
    typer.Option("--permission", metavar="P", help="A permission's name: SUBSCRIBER_CREATE, or the full one."),
]
Every = Annotated[bool, typer.Option("--all-permissions", help="All permissions there are.")]

app = typer.Typer(no_args_is_help=True, help="Users of a tenant: who may send which commands.")


@app.command("add")
def add(
    name: Name,
    tenant: TenantOption,
    password_stdin: FromStdin = False,
    permission: Granted = None,
    all_permissions: Every = False,
    data: DataFolder = None,
) -> None:
    """Add a user."""
    granted = permissions(permission or [], every=all_permissions)
    chosen = choose_settings(data)
    secret = _password(user_name(name), from_stdin=password_stdin)
    try:
        with database(chosen) as connection:
            add_user(connection, tenant_name(tenant), name, secret, granted)
    except AlreadyThere:
        change = "`spcm user password` and `spcm user permissions` change it"
        raise Problem(f"user {name} of tenant {tenant} is there already: {change}") from None
    screen().print(f"user {name} of tenant {tenant} added, with {len(granted)} permissions", soft_wrap=True)


@app.command("list")
def show(tenant: TenantOption, as_json: AsJson = False, data: DataFolder = None) -> None:
    """List a tenant's users, each with its permissions."""
    with database(choose_settings(data), reads=True) as connection:
        users = list_users(connection, tenant_name(tenant))
    if as_json:
        for user in users:
            print_json({"name": user.name, "permissions": list(user.permissions)})
    else:
        screen().print(table(["user", "permissions"], [(user.name, ", ".join(user.permissions)) for user in users]))


@app.command("remove")
def remove(name: Name, tenant: TenantOption, data: DataFolder = None) -> None:
    """Remove a user; from the next batch on, its commands are refused."""
    with database(choose_settings(data)) as connection:
        remove_user(connection, tenant_name(tenant), user_name(name))
    screen().print(f"user {name} of tenant {tenant} removed", soft_wrap=True)


@app.command("password")
def change_password(
    name: Name, tenant: TenantOption, password_stdin: FromStdin = False, data: DataFolder = None
) -> None:
    """Set a user's password; from the next batch on, only this one is good."""
    chosen = choose_settings(data)
    secret = _password(user_name(name), from_stdin=password_stdin)
    with database(chosen) as connection:
        set_password(connection, tenant_name(tenant), name, secret)
    screen().print(f"password of user {name} of tenant {tenant} set", soft_wrap=True)


@app.command("permissions")
def change_permissions(
    name: Name,
    tenant: TenantOption,
    permission: Granted = None,
    all_permissions: Every = False,
    data: DataFolder = None,
) -> None:
    """Set what a user may do: these permissions and no others."""
    granted = permissions(permission or [], every=all_permissions)
    with database(choose_settings(data)) as connection:
        set_permissions(connection, tenant_name(tenant), user_name(name), granted)
    screen().print(f"user {name} of tenant {tenant} has {len(granted)} permissions now", soft_wrap=True)


def _password(name: str, *, from_stdin: bool) -> str:
    """From stdin, or asked for on a terminal, twice. Raises Problem."""
    if from_stdin:
        if sys.stdin.isatty():
            say("the password is read from the terminal, and shown, until Ctrl-D")
        return password(sys.stdin.buffer.read(1100))  # more than a password may have
    if not sys.stdin.isatty():
        raise Problem("give the password on stdin, with --password-stdin")
    try:
        with terminated_as_by_ctrl_c():  # which leaves a terminal that shows what is typed
            asked: str = typer.prompt(f"Password for {name}", hide_input=True, confirmation_prompt=True, err=True)
    except UnicodeDecodeError:
        raise Problem("the terminal's bytes are no text in its encoding: give the password on stdin") from None
    return password(asked.encode(errors="surrogateescape"))
