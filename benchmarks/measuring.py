"""One measurement: commands a second of one contender, checked for having done the work."""

import math
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from benchmarks.contenders import Contender
from benchmarks.programs import Program
from benchmarks.scenarios import Load, warm_up
from benchmarks.servers import Servers, Stuck

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

WARM_UP = 400


class Wrong(Exception):
    """Raised when a contender did something else than the commands asked for."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Figures of several rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def low(self) -> float:
        return min(self.values)

    @property
    def high(self) -> float:
        return max(self.values)


def rate(contender: Contender, servers: Servers, load: Load, processes: int = 2) -> float:
    """Commands a second, from the moment all are queued to the last outcome. Raises Stuck, Wrong."""
    servers.reset(load.tenants, load.existing)
    return rate_again(contender, servers, load, processes)


def rate_again(contender: Contender, servers: Servers, load: Load, processes: int = 2) -> float:
    """The same, upon what is in the database already."""
    with running(contender, servers, load.tenants, processes) as program:
        return _rate_of(program, contender, servers, load)


def ratio(ours: Spread, theirs: Spread) -> Spread:
    """Round by round: what slowed down the machine in a round slowed down both."""
    return Spread(tuple(our / their for our, their in zip(ours.values, theirs.values, strict=True)))


def turned(contenders: Sequence[T], number: int) -> Sequence[T]:
    """In the order of this round: each round begins with another one."""
    turn = number % len(contenders)
    return [*contenders[turn:], *contenders[:turn]]


def by_turns(measures: Mapping[K, Callable[[int], float]], rounds: int) -> dict[K, Spread]:
    """What each of them measures, all in each round, whose number they are given."""
    found: dict[K, list[float]] = {name: [] for name in measures}
    for number in range(rounds):
        for name in turned(list(measures), number):
            found[name].append(measures[name](number))
            print(f"round {number + 1}, {name}: {found[name][-1]:,.0f}/s", flush=True)
    return {name: Spread(tuple(values)) for name, values in found.items()}


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many per cent do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


@contextmanager
def running(contender: Contender, servers: Servers, tenants: tuple[str, ...], processes: int) -> Iterator[Program]:
    """Its program, warm, until the block ends. A `Stuck` raised in the block tells the end of the program's log too."""
    program = contender.start(servers, processes)
    try:
        _warm(program, contender, servers, tenants)
        yield program
    except Stuck as stuck:
        raise program.explain(stuck) from None
    finally:
        program.end()


def _warm(program: Program, contender: Contender, servers: Servers, tenants: tuple[str, ...]) -> None:
    """Until modules are imported, connections open and passwords known."""
    load = warm_up(tenants, WARM_UP, prefix=f"warm-up-{program.process.pid}")
    contender.send(servers, load)
    servers.wait_for_outcomes(tenants, WARM_UP, within=60)
    servers.forget_outcomes(tenants)


def _rate_of(program: Program, contender: Contender, servers: Servers, load: Load) -> float:
    subscribers, journaled = servers.rows()
    if contender.queued:
        program.pause()
        contender.send(servers, load)
        begun = servers.now()
        program.resume()
    else:
        begun = servers.now()
        contender.send(servers, load)
    ended = servers.wait_for_outcomes(load.tenants, len(load.commands))
    told = servers.statuses(load.tenants)
    if told != load.statuses:
        raise Wrong(f"{contender.name} answered {dict(told)} instead of {dict(load.statuses)}")
    if left := servers.commands_left():
        raise Wrong(f"{contender.name} left {left} commands")
    written = servers.rows()
    if written != (subscribers + load.growth, journaled + load.journaled):
        raise Wrong(f"{contender.name} wrote {written} rows")
    return len(load.commands) / (ended - begun)
