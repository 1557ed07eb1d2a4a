"""`spcm status`."""

import dataclasses
import time
from typing import TYPE_CHECKING, Annotated

import typer

from cli.installation import choose_settings, connect_redis, database
from cli.options import AsJson, DataFolder
from cli.problems import WRONG, in_one_line

if TYPE_CHECKING:
    import redis
    from rich.console import Group

    from adapters.settings import Settings
    from cli.overview import Overview, Partition

EVERY = 1.0
"""Seconds between two looks of `--watch`."""

Watch = Annotated[bool, typer.Option("--watch", help="Look again every second, until Ctrl-C.")]


def status(watch: Watch = False, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Show what waits in each partition and since when, who holds it, outcomes kept, dead letters, workers.

    Exit status 2 where the database cannot be asked who holds them; the rest is shown.
    """
    from cli.terminal import print_json, screen

    chosen = choose_settings(data)
    with connect_redis(chosen.redis) as client:
        shown = _look(chosen, client)
        if as_json:
            print_json(dataclasses.asdict(shown))
            while watch:
                time.sleep(EVERY)
                print_json(dataclasses.asdict(_look(chosen, client)))
        elif not watch:
            screen().print(_tables(shown))
        else:
            from rich.live import Live

            with Live(_tables(shown), console=screen(), auto_refresh=False, screen=False) as live:
                while True:
                    time.sleep(EVERY)
                    live.update(_tables(_look(chosen, client)), refresh=True)
    if shown.database is not None:
        raise typer.Exit(WRONG)


def _look(chosen: "Settings", client: "redis.Redis") -> "Overview":
    from cli.overview import overview
    from spcm_client import read_partitions

    count = read_partitions(client) or chosen.partitions
    held, trouble = _holders(chosen)
    return overview(client, count, held, trouble)


def _holders(chosen: "Settings") -> tuple[dict[int, str], str | None]:
    """Who holds which partition; and what is wrong, where the database cannot tell."""
    from adapters.holders import holders

    try:
        with database(chosen, reads=True) as connection:
            return holders(connection) or {}, None
    except Exception as error:
        words = in_one_line(error)
        if words is None:
            raise
        return {}, words


def _tables(shown: "Overview") -> "Group":
    from rich.console import Group
    from rich.text import Text

    from cli.terminal import table, visible

    partitions = [
        (each.number, each.backlog, "" if each.oldest is None else f"{each.oldest:.1f} s", _holder(each))
        for each in shown.partitions
    ]
    if shown.workers is None:
        workers = "workers: Redis does not tell this user its connections"
    else:
        workers = f"workers: {', '.join(shown.workers) or 'none'}"
    return Group(
        table(["partition", "backlog", "oldest", "held by"], partitions),
        table(["tenant", "outcomes kept"], shown.outcomes.items()),
        Text(f"dead letters: {shown.dead_letters}", style="red" if shown.dead_letters else ""),
        Text(workers, style="" if shown.workers else "yellow"),
        *([] if shown.database is None else [Text(visible(shown.database), style="red")]),
    )


def _holder(partition: "Partition") -> str:
    words = partition.holder or ("a worker" if partition.taken else "")
    return f"{words}, try {partition.tries}" if words and partition.tries > 1 else words
