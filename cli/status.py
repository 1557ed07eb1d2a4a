"""`spcm status`."""

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import redis
import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from adapters.holders import holders
from adapters.redis_client import connect
from adapters.settings import Settings
from cli.database import asked_of_database
from cli.installation import choose_settings, likely_partitions
from cli.options import AsJson, DataFolder
from cli.outage import Outage
from cli.overview import Overview, Partition, overview
from cli.problems import WRONG
from cli.stopping import terminated_as_by_ctrl_c
from cli.terminal import print_json, screen, table, visible

EVERY = 1.0
"""Seconds between two looks of `--watch`."""

Watch = Annotated[bool, typer.Option("--watch", help="Look again every second, until Ctrl-C.")]


def status(watch: Watch = False, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Show what waits in each partition and since when, who holds it, outcomes kept, dead letters, workers.

    Exit status 2 where the database cannot be asked who holds them; the rest is shown.
    """
    chosen = choose_settings(data)
    with connect(chosen.redis) as client, _showing(again=watch, as_json=as_json) as show:
        first = _look(chosen, client)
        show(first)
        if watch:
            _watch(chosen, client, show)
    if first.database_trouble is not None:
        raise typer.Exit(WRONG)


def _watch(chosen: Settings, client: redis.Redis, show: Callable[[Overview], None]) -> None:
    """Look again, for ever; a Redis that is away is waited for."""
    waiting = Outage()
    while True:
        time.sleep(EVERY)
        with waiting:
            show(_look(chosen, client))


@contextmanager
def _showing(*, again: bool, as_json: bool) -> Iterator[Callable[[Overview], None]]:
    """What shows an overview; on a terminal, in the place of the one before."""
    console = screen()
    if as_json:
        yield lambda shown: print_json(dataclasses.asdict(shown))
    elif again and console.is_terminal:
        with terminated_as_by_ctrl_c(), Live(console=console, auto_refresh=False) as live:
            yield lambda shown: live.update(_tables(shown), refresh=True)
    else:
        yield lambda shown: console.print(_tables(shown))


def _look(chosen: Settings, client: redis.Redis) -> Overview:
    partitions = likely_partitions(chosen, client)  # first: a Redis that is away is soon told
    held, trouble = asked_of_database(chosen, holders)
    return overview(client, partitions, held or {}, trouble)


def _tables(shown: Overview) -> Group:
    partitions = [
        (
            each.number,
            "no stream" if each.backlog is None else each.backlog,
            "" if each.oldest_age is None else f"{each.oldest_age:.1f} s",
            _holder(each),
        )
        for each in shown.partitions
    ]
    if shown.workers is None:
        workers = "workers: unknown (this Redis user may not list connections)"
    else:
        workers = f"workers: {', '.join(shown.workers) or 'none'}"
    return Group(
        table(["partition", "backlog", "oldest", "held by"], partitions),
        table(["tenant", "outcomes kept"], shown.outcomes.items()),
        Text(f"dead letters: {shown.dead_letters}", style="red" if shown.dead_letters else ""),
        Text(workers, style="" if shown.workers else "yellow"),
        *([] if shown.database_trouble is None else [Text(visible(shown.database_trouble), style="red")]),
    )


def _holder(partition: Partition) -> str:
    words = partition.holder or ("a worker" if partition.taken else "")
    return f"{words}, try {partition.tries}" if words and partition.tries > 1 else words
