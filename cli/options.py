"""Options and arguments that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

from cli.problems import Problem


def _folder(name: str) -> Path:
    """Raises Problem for an empty name, which Python takes for the current folder."""
    if not name:
        raise Problem("--data is empty: name a folder, or leave it out")
    return Path(name)


DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", parser=_folder, help="The installation's folder; else SPCM_DATA, else .spcm."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs, one value a line.")]
TenantOption = Annotated[str, typer.Option("--tenant", metavar="TENANT", help="The tenant's name.")]
UserOption = Annotated[str, typer.Option("--user", metavar="NAME", help="The user whose permissions apply.")]
PasswordEnv = Annotated[
    str, typer.Option("--password-env", metavar="VAR", help="The variable that has the user's password.")
]
Timeout = Annotated[float, typer.Option(min=0.1, help="Seconds without an outcome after which to give up.")]
