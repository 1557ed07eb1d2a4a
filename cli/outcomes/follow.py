"""`spcm follow`."""

import time
from typing import Annotated

import typer
from rich.text import Text

from adapters.keys import UNATTRIBUTED, outcome_stream
from adapters.redis_client import connect
from cli.installation import choose_settings
from cli.names import tenant_name
from cli.options import AsJson, DataFolder
from cli.outage import Outage
from cli.outcomes.line import outcome_line
from cli.outcomes.streams import OLDEST, OutcomeStreams, Published
from cli.problems import Problem, say
from cli.terminal import print_line, screen
from spcm_client.outcomes import event_of
from spcm_client.streams import is_stream_id

LOOK = 1.0
"""Seconds between two looks for streams of new tenants, and between two tries to reach Redis."""

Tenant = Annotated[
    str | None, typer.Option("--tenant", help="This one's alone, or _unattributed: those of no tenant. Else all.")
]
From = Annotated[
    str,
    typer.Option(
        "--from", metavar="POINT", help="start, now, or the id of a stream's entry, as it is shown without --json."
    ),
]


def follow(tenant: Tenant = None, point: From = "now", as_json: AsJson = False, data: DataFolder = None) -> None:
    """Show outcomes as they are published, until Ctrl-C."""
    if point not in ("start", "now") and not is_stream_id(point):
        raise Problem("--from must be start, now, or an entry's id, as in 1763740800000-0")
    position = {"start": OLDEST, "now": None}.get(point, point)
    chosen = choose_settings(data)
    with connect(chosen.redis) as client:
        streams = OutcomeStreams(client)
        if tenant is None:
            streams.add_all(position)
        else:
            stream = _stream(tenant)
            if not client.exists(stream):
                say(f"there are no outcomes of {tenant} yet (see `spcm tenant list`); waiting for the first")
            streams.add(stream, position)
        # What is there from now on and was not before is new, all of it.
        later = OLDEST if position is None else position
        _follow(streams, later if tenant is None else None, as_json=as_json)


def _stream(tenant: str) -> str:
    return outcome_stream(tenant if tenant == UNATTRIBUTED else tenant_name(tenant))


def _follow(streams: OutcomeStreams, others_from: str | None, *, as_json: bool) -> None:
    waiting, looked = Outage(), time.monotonic()
    while True:
        with waiting:
            for published in streams.read(LOOK):
                _tell(published, as_json=as_json)
            if others_from is not None and time.monotonic() - looked >= LOOK:
                streams.add_all(others_from)
                looked = time.monotonic()
        if waiting.lost:
            time.sleep(LOOK)


def _tell(published: Published, *, as_json: bool) -> None:
    try:
        event = event_of(published.event)
        line = outcome_line(event)
    except (ValueError, AttributeError):
        say(f"{published.stream} {published.entry}: no outcome event")
        return
    if as_json:
        print_line(published.event)
    else:
        screen().print(Text(f"{published.entry} {event.get('tenant') or '-'} ", style="dim") + line, soft_wrap=True)
