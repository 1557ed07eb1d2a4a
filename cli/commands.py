"""The commands of `spcm`: each is read in when it is called for, so that none waits for what only others need."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

COMMANDS = {
    "up": "cli.running.up:up",
    "demo": "cli.demo:demo",
    "tenant": "cli.tenants:app",
    "user": "cli.users:app",
    "submit": "cli.sending.submit:submit",
    "follow": "cli.outcomes.follow:follow",
    "outcome": "cli.outcomes.outcome:outcome",
    "status": "cli.status:status",
    "deadletters": "cli.sending.deadletters:app",
    "republish": "cli.outcomes.republish:republish",
    "import": "cli.transfer.import_command:import_file",
    "export": "cli.transfer.export_command:export",
    "migrate": "cli.migrate:migrate",
    "doctor": "cli.doctor.command:doctor",
    "bench": "cli.bench:bench",
}
"""A function, or an app that has commands of its own, by the name that people give."""

MARKUP: Any = "markdown"  # the default keeps the line breaks of docstrings


class Commands(Mapping[str, Any]):
    """What Typer makes of them."""

    def __getitem__(self, name: str) -> Any:
        module, _, attribute = COMMANDS[name].partition(":")
        found = getattr(import_module(module), attribute)
        alone = typer.Typer(rich_markup_mode=MARKUP)
        if isinstance(found, typer.Typer):
            alone.add_typer(found, name=name)
        else:
            alone.command(name)(found)
        return get_group(alone).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Program(TyperGroup):
    """`spcm` itself, with these commands."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = Commands()  # type: ignore[assignment]  # nobody adds any
