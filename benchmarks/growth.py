"""Throughput upon tables of several sizes, never analysed by hand: `python -m benchmarks.growth --largest`."""

import argparse
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial

from benchmarks.contenders import spcm
from benchmarks.measuring import Spread, by_turns, rate, rate_again, ratio
from benchmarks.scenarios import TENANT, new
from benchmarks.servers import Servers

SIZES = (0, 100_000, 1_000_000)
LARGEST = 5_000_000
"""Takes some minutes to fill."""

ROOM = {"shared_buffers": "2GB", "max_wal_size": "16GB"}
"""Settings with which PostgreSQL keeps the indexes of the largest table in memory, and needs few checkpoints."""


def measure(settings: Mapping[str, str], sizes: Sequence[int], *, commands: int, rounds: int) -> dict[int, Spread]:
    """Commands a second, all new subscribers, by the number of subscribers that were there before.

    Each size has servers of its own, and is measured by turns with the others: the speed of a shared machine changes
    within minutes, and a run leaves its pages to be written in the next. They are left alone until autovacuum, which
    reads and marks all that was filled in, is done.
    """
    with ExitStack() as running:
        filled = {size: running.enter_context(Servers("postgres", settings)) for size in sizes}
        for size, servers in filled.items():
            servers.reset([TENANT], size)
        for size, servers in filled.items():
            if size:
                servers.wait_for_autovacuum()
        return by_turns({size: partial(_rate, servers, size, commands) for size, servers in filled.items()}, rounds)


def rows(how: str, found: Mapping[int, Spread]) -> Sequence[str]:
    """In Markdown; each figure is compared with the empty table's of the same round."""
    told = []
    for size, spread in found.items():
        part = ratio(spread, found[0])
        compared = f"{part.median:.0%} ({part.low:.0%} to {part.high:.0%})" if size else ""
        figures = f"{spread.median:,.0f} | {spread.low:,.0f} to {spread.high:,.0f}"
        told.append(f"| {how} | {size:,} | {figures} | {compared} |")
    return told


def _rate(servers: Servers, size: int, commands: int, number: int) -> float:
    load = new(commands, number * commands)
    if size == 0:
        return rate(spcm, servers, load)  # empty again, each time
    servers.forget_outcomes(load.tenants)
    return rate_again(spcm, servers, load)


def setting(text: str) -> tuple[str, str]:
    """Raises ValueError."""
    name, value = text.split("=", 1)
    return name, value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--largest", action="store_true", help=f"with a table of {LARGEST:,} too")
    parser.add_argument("--set", metavar="NAME=VALUE", type=setting, action="append", default=[], help="of PostgreSQL")
    chosen = parser.parse_args()
    sizes = (*SIZES, LARGEST) if chosen.largest else SIZES
    found = measure(dict(chosen.set), sizes, commands=chosen.commands, rounds=chosen.rounds)
    print("\n".join(rows("as set", found)))


if __name__ == "__main__":
    main()
