"""Throughput upon tables of several sizes, never analysed by hand: `python -m benchmarks.growth --largest`."""

import argparse
from collections.abc import Sequence

from benchmarks.contenders import spcm
from benchmarks.measuring import Spread, rate_again
from benchmarks.scenarios import TENANT, Load, new
from benchmarks.servers import Servers

SIZES = (0, 100_000, 1_000_000)
LARGEST = 5_000_000
"""Takes some minutes to fill."""

ROOM = {"shared_buffers": "2GB", "max_wal_size": "16GB"}
"""Settings with which PostgreSQL keeps the indexes of the largest table in memory, and needs few checkpoints."""


def measure(servers: Servers, sizes: Sequence[int], *, commands: int, rounds: int) -> dict[int, Spread]:
    """Commands a second, all new subscribers, by the number of subscribers that were there before."""
    found = {}
    for size in sizes:
        servers.reset([TENANT], size)
        loads = [new(commands, start) for start in range(0, rounds * commands, commands)]
        found[size] = Spread(tuple(_round(servers, load) for load in loads))
    return found


def _round(servers: Servers, load: Load) -> float:
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
    with Servers("postgres", dict(chosen.set)) as servers:
        for size, spread in measure(servers, sizes, commands=chosen.commands, rounds=chosen.rounds).items():
            print(f"{size:>9,}: {spread.median:,.0f} commands/s ({spread.low:,.0f} to {spread.high:,.0f})")


if __name__ == "__main__":
    main()
