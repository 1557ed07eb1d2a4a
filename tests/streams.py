"""The commands' streams as a worker sees them, with settings that a test does not ask about."""

from datetime import timedelta
from typing import Any

from adapters.streams import CommandStreams


def command_streams(
    client: Any, *, backlog_limit: int = 1000, outcome_retention: timedelta = timedelta(days=1)
) -> CommandStreams:
    return CommandStreams(client, backlog_limit=backlog_limit, outcome_retention=outcome_retention)
