"""What a command costs each part, from which follows what is full first: `python -m benchmarks.limits`."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters.keys import command_stream, outcome_stream
from benchmarks.contenders import spcm
from benchmarks.measuring import running
from benchmarks.programs import children
from benchmarks.scenarios import PARTITIONS, TENANT, new
from benchmarks.servers import Servers

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one command: microseconds of a core for each part, and bytes kept by each place."""

    microseconds: Mapping[str, float]
    bytes_kept: Mapping[str, float]

    def table(self) -> str:
        """In Markdown."""
        lines = ["| part | of a core, for each command | so one core does |", "| --- | ---: | ---: |"]
        lines += [f"| {part} | {cost:.0f} µs | {1e6 / cost:,.0f}/s |" for part, cost in self.microseconds.items()]
        lines += ["", "| place | bytes kept for each command |", "| --- | ---: |"]
        lines += [f"| {place} | {kept:,.0f} |" for place, kept in self.bytes_kept.items()]
        return "\n".join(lines)


def measure(servers: Servers, *, commands: int, processes: int = 2) -> Cost:
    """What new subscribers cost on PostgreSQL."""
    assert servers.postgres is not None
    servers.reset([TENANT])
    with running(spcm, servers, (TENANT,), processes) as program:
        pids = {"worker processes": program.process.pid, "Valkey": servers.valkey.process.pid}
        pids["PostgreSQL"] = servers.postgres.pid
        program.pause()
        servers.client.xtrim(outcome_stream(TENANT), maxlen=0)
        spcm.send(servers, new(commands))
        queued = sum(servers.client.memory_usage(command_stream(p), samples=0) or 0 for p in range(PARTITIONS))
        before = {part: _used(pid) for part, pid in pids.items()}
        program.resume()
        servers.wait_for_outcomes([TENANT], commands)
        after = {part: _used(pid) for part, pid in pids.items()}
    told = servers.client.memory_usage(outcome_stream(TENANT), samples=0)
    subscribers, journal = (_size(servers, table) for table in ("subscribers", "journal"))
    rows, records = servers.rows()
    return Cost(
        {part: 1e6 * (after[part] - before[part]) / commands for part in pids},
        {
            "Valkey, until it is executed": queued / commands,
            "Valkey, for as long as outcomes are kept": told / commands,
            "PostgreSQL, a subscriber with its indexes": subscribers / rows,
            "PostgreSQL, a journal record, for as long as it is kept": journal / records,
        },
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=50_000)
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    chosen = parser.parse_args()
    with Servers("postgres") as servers:
        print(measure(servers, commands=chosen.commands, processes=chosen.workers).table())


def _used(pid: int) -> float:
    """Seconds of a core that the process and its children have used, with those that have ended."""
    return sum(_own(each) for each in [pid, *children(pid)])


def _own(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS


def _size(servers: Servers, table: str) -> int:
    assert servers.postgres is not None
    return int(servers.postgres.execute(f"select pg_total_relation_size('{table}')", database="spcm")[0][0])


if __name__ == "__main__":
    main()
