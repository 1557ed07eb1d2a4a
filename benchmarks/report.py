"""Measures everything and writes it into docs/performance.md: `make bench BENCH=--largest`, about 25 minutes.

`--quick` is one round of a few commands each, to see that all of it works: its figures say little.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from benchmarks import against, chart, growth, latency, limits, machine, memory
from benchmarks.contenders import celery_task, spcm
from benchmarks.measuring import Spread, by_turns, rate
from benchmarks.page import PAGE, PICTURE, put
from benchmarks.scenarios import SCENARIOS
from benchmarks.servers import Database, Servers


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    commands: int = 20_000
    rival_commands: int = 2_000
    rounds: int = 5
    singles: int = 400
    backlog: int = 500_000
    largest: bool = False


QUICK = Scale(commands=1_000, rival_commands=200, rounds=1, singles=20, backlog=5_000)


def environment(_: Scale) -> str:
    with Servers() as servers:
        return machine.table(servers)


def new(scale: Scale) -> str:
    comparison = _compared("new", scale, against.ALTERNATIVES, with_floors=True)
    title = "Commands a second, all new subscribers, two worker processes on two cores"
    without_floors = {name: spread for name, spread in comparison.found.items() if not name.startswith("the floor")}
    if scale != QUICK:
        PICTURE.write_text(chart.bars(title, without_floors, spcm.name))
    return f"![{title}]({PICTURE.name})\n\n{_told(comparison)}"


def mix(scale: Scale) -> str:
    rivals = [each for each in against.ALTERNATIVES if each.rival is not celery_task]  # the slowest by far
    return _told(_compared("mix", scale, rivals, with_floors=False))


def scenarios(scale: Scale) -> str:
    rows: list[tuple[str, Database, int]] = [
        *((scenario, "postgres", 2) for scenario in SCENARIOS if scenario != "mix"),  # which has a table of its own
        ("new", "postgres", 1),
        ("new", "postgres", 3),
        ("new", "sqlite", 2),
        ("mix", "sqlite", 2),
        ("new", "sqlite", 1),
    ]
    with Servers("postgres") as postgres, Servers("sqlite") as sqlite:
        servers = {"postgres": postgres, "sqlite": sqlite}

        def measured(scenario: str, database: Database, processes: int, _round: int) -> float:
            return rate(spcm, servers[database], SCENARIOS[scenario](scale.commands), processes)

        found = by_turns({row: partial(measured, *row) for row in rows}, scale.rounds)
    return "\n".join(
        [
            "| scenario | database | worker processes | commands/s, median | lowest to highest |",
            "| --- | --- | ---: | ---: | ---: |",
            *(f"| {' | '.join(map(str, row))} | {_figures(spread)} |" for row, spread in found.items()),
        ]
    )


def sizes(scale: Scale) -> str:
    measured: dict[str, tuple[Mapping[str, str], Sequence[int]]] = {
        "its defaults": ({}, (*growth.SIZES, growth.LARGEST) if scale.largest else growth.SIZES)
    }
    if scale.largest:
        measured["with room"] = (growth.ROOM, (0, growth.LARGEST))
    commands = 2 * scale.commands  # checkpoints come every few seconds: they must fall into each run
    lines = [
        "| PostgreSQL | subscribers before | commands/s, median | lowest to highest | of the empty table's |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for how, (settings, counts) in measured.items():
        lines += growth.rows(how, growth.measure(settings, counts, commands=commands, rounds=scale.rounds))
    return "\n".join(lines)


def single(scale: Scale) -> str:
    lines = ["| database | | p50 | p90 | p99 | worst |", "| --- | --- | ---: | ---: | ---: | ---: |"]
    databases: tuple[Database, ...] = ("postgres", "sqlite")
    for database in databases:
        with Servers(database) as servers:
            alone, steady = latency.measure(servers, commands=scale.singles, rate=200)
        for how, found in (("one at a time", alone), ("200/s", steady)):
            figures = " | ".join(f"{value:.1f} ms" for value in (found.p50, found.p90, found.p99, found.worst))
            lines.append(f"| {database} | {how} | {figures} |")
    return "\n".join(lines)


def backlog(scale: Scale) -> str:
    lines = ["| backlog | largest process, warm | at most | commands/s |", "| ---: | ---: | ---: | ---: |"]
    with Servers() as servers:
        for commands in (scale.backlog // 10, scale.backlog):
            found = memory.measure(servers, backlog=commands)
            lines.append(f"| {commands:,} | {found.warm:.0f} MB | {found.most:.0f} MB | {found.rate:,.0f} |")
    return "\n".join(lines)


def costs(scale: Scale) -> str:
    with Servers() as servers:
        return limits.measure(servers, commands=scale.commands).table()


SECTIONS: dict[str, Callable[[Scale], str]] = {
    made.__name__: made for made in (environment, new, mix, scenarios, sizes, single, backlog, costs)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="see that it works; writes nothing")
    parser.add_argument("--largest", action="store_true", help=f"with a table of {growth.LARGEST:,} subscribers too")
    parser.add_argument("--only", choices=SECTIONS, nargs="+", default=list(SECTIONS), help="these sections")
    chosen = parser.parse_args()
    scale = QUICK if chosen.quick else Scale(largest=chosen.largest)
    begun = time.monotonic()
    for section in dict.fromkeys((environment.__name__, *chosen.only)):  # what else is measured, the machine is told
        figures = SECTIONS[section](scale)
        print(f"\n{section} ({time.monotonic() - begun:.0f} s)\n\n{figures}\n", flush=True)
        if not chosen.quick:
            put(PAGE, section, figures)


def _compared(
    scenario: str, scale: Scale, alternatives: Sequence[against.Alternative], *, with_floors: bool
) -> against.Comparison:
    with Servers() as servers:
        return against.compare(
            servers,
            scenario,
            alternatives,
            commands=scale.commands,
            rival_commands=scale.rival_commands,
            rounds=scale.rounds,
            with_floors=with_floors,
        )


def _told(comparison: against.Comparison) -> str:
    ours, theirs = comparison.commands
    rounds = len(comparison.ours.values)
    return f"{comparison.table()}\n\nRounds: {rounds}, of {ours:,} commands for SPCM and {theirs:,} for each other."


def _figures(spread: Spread) -> str:
    return f"{spread.median:,.0f} | {spread.low:,.0f} to {spread.high:,.0f}"


if __name__ == "__main__":
    main()
