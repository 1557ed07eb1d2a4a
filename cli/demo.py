"""`spcm demo`: the documents' examples, through all there is, in a place of its own."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import typer
from rich.table import Table
from rich.text import Text

from adapters.settings import Settings
from adapters.tenants import add_tenant
from adapters.users import add_user
from cli.database import database
from cli.installation import choose_settings
from cli.options import AsJson
from cli.problems import FAILED, Problem, say
from cli.running.up import running
from cli.stopping import stopping_in_order
from cli.terminal import colour_of, print_json, screen, table
from domain.permissions import Permission
from spcm_client import Client, ClientError, Outcome

TENANT, USER, PASSWORD = "acme", "oms", "s3cret"
_KEPT = ("SPCM_LOG_LEVEL", "SPCM_LOG_FORMAT")


class ExampleOutcome(NamedTuple):
    """An example, and what came of it."""

    example: dict[str, Any]
    outcome: Outcome

    @property
    def surprises(self) -> list[str]:
        """The event's attributes that are not what the documents say."""
        expected = {"subject": None, "reason": None, "replayed": None, **self.example["expect"]}
        event = self.outcome.event
        # As text: for Python, true is 1.
        return [name for name, value in expected.items() if json.dumps(event.get(name)) != json.dumps(value)]


def demo(as_json: AsJson = False) -> None:
    """Send the documents' examples through a private `spcm up`, and show what comes of each.

    Exit status 0 only if each outcome is what the documents say. It leaves nothing behind.
    """
    with stopping_in_order(), tempfile.TemporaryDirectory(prefix="spcm-demo-", ignore_cleanup_errors=True) as folder:
        outcomes = list(_tell_examples(Path(folder)))
        raise typer.Exit(_show(outcomes, as_json=as_json))
    raise typer.Abort


def _tell_examples(folder: Path) -> Iterator[ExampleOutcome]:
    chosen = _own_settings(folder)
    log_path = folder / "worker.log"
    with log_path.open("w") as log:
        try:
            with running(chosen, workers=1, log=log) as (servers, _):
                _add_user(chosen)
                for line in files("cli").joinpath("examples.jsonl").read_text().splitlines():
                    example = json.loads(line)
                    with Client(servers.redis, TENANT, USER, example.get("password", PASSWORD)) as client:
                        params, payload = example.get("params"), example.get("payload")
                        outcome = client.call(example["operation"], params, payload, id=example["id"])
                        yield ExampleOutcome(example, outcome)
        except (Problem, ClientError):
            sys.stderr.write(log_path.read_text())
            raise


def _own_settings(folder: Path) -> Settings:
    """Those of a private installation: what is set for another one has no say."""
    for name in [name for name in os.environ if name.startswith("SPCM_") and name not in _KEPT]:
        del os.environ[name]
    return choose_settings(folder)


def _add_user(chosen: Settings) -> None:
    with database(chosen) as connection:
        add_tenant(connection, TENANT)
        add_user(connection, TENANT, USER, PASSWORD, Permission)


def _show(outcomes: list[ExampleOutcome], *, as_json: bool) -> int:
    if as_json:
        for each in outcomes:
            print_json(each.outcome.event)
    else:
        screen().print(_table(outcomes))
    surprising = [each for each in outcomes if each.surprises]
    for each in surprising:
        expected = json.dumps({name: each.example["expect"].get(name) for name in each.surprises})
        say(f"{each.example['says']}: not what the documents say, which is {expected}")
    return FAILED if surprising else 0


def _table(outcomes: list[ExampleOutcome]) -> Table:
    rows = []
    for says, outcome in ((each.example["says"], each.outcome) for each in outcomes):
        status = f"{outcome.status}{' replayed' if outcome.replayed else ''}"
        body = "" if outcome.data is None else json.dumps(outcome.data, ensure_ascii=False)
        operation = Text.assemble(str(outcome.operation), "\n", (says, "dim"))
        rows.append((operation, outcome.subject or "", Text(status, style=colour_of(outcome.status)), body))
    made = table(["operation", "subject", "status", "body"], rows)
    made.show_lines = True
    made.columns[0].min_width = max(len(str(each.outcome.operation)) for each in outcomes)
    return made
