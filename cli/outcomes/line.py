"""An outcome in one line, for people."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from cli.terminal import colour_of, visible


def outcome_line(event: Mapping[str, Any]) -> Text:
    """Status, operation, subject, command id; why it was refused, and what else there is to know."""
    status = event.get("status")
    line = Text(f"{status} ", style=colour_of(status) if isinstance(status, int) else "red")
    line.append(f"{event.get('operation') or 'unknown'} ", style="default")
    line.append(visible(f"{event.get('subject') or '-'} "), style="default")
    line.append(visible(str(event.get("commandid") or "-")), style="dim")
    if event.get("reason"):
        line.append(visible(f" {event['reason']}: {_why(event.get('data'))}"), style="default")
    for flag, words in (("replayed", "replayed"), ("dryrun", "dry run")):
        if event.get(flag):
            line.append(f" ({words})", style="cyan")
    return line


def _why(body: Any) -> str:
    if not isinstance(body, Mapping):
        return ""
    errors = body.get("errors")
    if isinstance(errors, list):
        return "; ".join(str(error.get("description")) for error in errors if isinstance(error, Mapping))
    return str(body.get("message", ""))
