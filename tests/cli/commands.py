"""Commands of tenant acme and its user oms, and how they are submitted."""

import json
from pathlib import Path
from typing import Any

from tests.cli.program import Ended, Program

AS_OMS = ("--tenant", "acme", "--user", "oms", "--password-env", "PW")


def submit(program: Program, commands: Any, *options: str) -> Ended:
    file = Path(program.environment["SPCM_DATA"]) / "commands"
    file.write_text(commands if isinstance(commands, str) else json.dumps(commands))
    return program.call("submit", str(file), "--json", *AS_OMS, *options)


def create(msisdn: str, **members: Any) -> dict[str, Any]:
    return {"operation": "subscriber.create", "params": {"msisdn": msisdn}, "payload": {"msisdn": msisdn}, **members}
