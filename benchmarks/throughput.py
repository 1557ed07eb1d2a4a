"""Commands a second of the worker: `python -m benchmarks.throughput --commands 20000 --scenario new`."""

import argparse
import time

from benchmarks.contenders import spcm
from benchmarks.measuring import rate
from benchmarks.scenarios import SCENARIOS
from benchmarks.servers import Servers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=20_000)
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    parser.add_argument("--scenario", choices=SCENARIOS, default="new")
    parser.add_argument("--existing", type=int, help="subscribers that are there before (default: the scenario's)")
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args()
    load = SCENARIOS[chosen.scenario](chosen.commands)
    if chosen.existing is not None:
        load.existing = chosen.existing
    with Servers(chosen.database) as servers:
        for _ in range(chosen.rounds):
            begun = time.monotonic()
            found = rate(spcm, servers, load, chosen.workers)
            print(f"{found:,.0f} commands/s ({time.monotonic() - begun:.1f} s with start and warm-up)", flush=True)


if __name__ == "__main__":
    main()
