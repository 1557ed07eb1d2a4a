"""Memory of the worker while it works off a long backlog: `python -m benchmarks.memory --commands 500000`."""

import argparse
import time
from dataclasses import dataclass

from benchmarks.contenders import spcm
from benchmarks.measuring import running
from benchmarks.scenarios import TENANT, new
from benchmarks.servers import Servers

EVERY = 0.25  # seconds


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes (VmRSS) that the largest process held: once warm, and at most while it worked off the backlog."""

    backlog: int
    warm: float
    most: float
    rate: float

    def __str__(self) -> str:
        return (
            f"backlog of {self.backlog:,}: {self.warm:.0f} MB once warm, {self.most:.0f} MB at most,"
            f" {self.rate:,.0f} commands/s"
        )


def measure(servers: Servers, *, backlog: int, processes: int = 2) -> Memory:
    """Resident memory of the largest of the worker's processes."""
    servers.reset([TENANT])
    with running(spcm, servers, (TENANT,), processes) as program:
        before = max(program.resident())
        program.pause()
        # In parts: this process need not hold them all.
        for start in range(0, backlog, 20_000):
            spcm.send(servers, new(min(20_000, backlog - start), start))
        program.resume()
        begun, most = time.monotonic(), before
        while servers.commands_left():
            most = max(most, *program.resident())
            time.sleep(EVERY)
        return Memory(backlog, before / 1024, most / 1024, backlog / (time.monotonic() - begun))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=500_000)
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    chosen = parser.parse_args()
    with Servers(chosen.database) as servers:
        print(measure(servers, backlog=chosen.commands, processes=chosen.workers))


if __name__ == "__main__":
    main()
