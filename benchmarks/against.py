"""The worker and what a user would pick instead, by turns, in one run: `python -m benchmarks.against`."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType

from benchmarks.contenders import Contender, celery_task, dramatiq_actor, fastapi_http, spcm, taskiq_task
from benchmarks.contenders.floor import FLOORS
from benchmarks.measuring import Spread, rate, ratio, turned
from benchmarks.programs import Program
from benchmarks.scenarios import SCENARIOS, Load
from benchmarks.servers import Servers


@dataclass(frozen=True)
class Alternative:
    """A rival in one style of database work."""

    rival: ModuleType
    style: str

    @property
    def name(self) -> str:
        return f"{self.rival.name}, {self.style}"

    @property
    def queued(self) -> bool:
        return bool(self.rival.queued)

    def start(self, servers: Servers, processes: int) -> Program:
        program: Program = self.rival.start(servers, processes, self.style)
        return program

    def send(self, servers: Servers, load: Load) -> None:
        self.rival.send(servers, load)


RIVALS = (celery_task, fastapi_http, taskiq_task, dramatiq_actor)
ALTERNATIVES = [Alternative(rival, style) for style in ("plain", "lean") for rival in RIVALS]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Commands a second by contender; the worker's own first, and the floors, where measured."""

    commands: tuple[int, int]
    found: Mapping[str, Spread]

    @property
    def ours(self) -> Spread:
        return self.found[spcm.name]

    def table(self) -> str:
        """In Markdown, fastest last."""
        lines = [
            "| | commands/s, median | lowest to highest | SPCM does ... times that |",
            "| --- | ---: | ---: | ---: |",
        ]
        for name, spread in sorted(self.found.items(), key=lambda item: item[1].median):
            times = ratio(self.ours, spread)
            compared = "" if name == spcm.name else f"{times.median:.2g} ({times.low:.2g} to {times.high:.2g})"
            lines.append(f"| {name} | {spread.median:,.0f} | {spread.low:,.0f} to {spread.high:,.0f} | {compared} |")
        return "\n".join(lines)


def compare(
    servers: Servers,
    scenario: str,
    alternatives: Sequence[Alternative],
    *,
    commands: int,
    rival_commands: int,
    rounds: int,
    with_floors: bool,
) -> Comparison:
    """All contenders in each round, each round beginning with another one."""
    ours, theirs = SCENARIOS[scenario](commands), SCENARIOS[scenario](rival_commands)
    contenders: list[Contender] = [spcm, *alternatives]
    found: dict[str, list[float]] = {}
    for number in range(rounds):
        for contender in turned(contenders, number):
            load = ours if contender is spcm else theirs
            found.setdefault(contender.name, []).append(rate(contender, servers, load))
            print(f"round {number + 1}, {scenario}: {contender.name} {found[contender.name][-1]:,.0f}/s", flush=True)
            for floor in FLOORS if contender is spcm and with_floors else ():
                found.setdefault(floor.name, []).append(floor.rate(servers))
                print(f"round {number + 1}, {scenario}: {floor.name} {found[floor.name][-1]:,.0f}/s", flush=True)
    spreads = {name: Spread(tuple(values)) for name, values in found.items()}
    return Comparison((commands, rival_commands), spreads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", choices=["new", "mix"], default="new")
    parser.add_argument("--commands", type=int, default=20_000, help="for the worker")
    parser.add_argument("--rival-commands", type=int, default=2_000, help="for each alternative")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    with Servers("postgres") as servers:
        comparison = compare(
            servers,
            chosen.scenario,
            ALTERNATIVES,
            commands=chosen.commands,
            rival_commands=chosen.rival_commands,
            rounds=chosen.rounds,
            with_floors=chosen.scenario == "new",
        )
    print(comparison.table())


if __name__ == "__main__":
    main()
