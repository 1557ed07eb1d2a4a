"""What `spcm doctor` finds."""

from typing import Any

from tests.cli.program import Program


def findings(program: Program) -> list[dict[str, Any]]:
    return program.call("doctor", "--json").lines
