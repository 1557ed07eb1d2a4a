"""Milliseconds from XADD to outcome on an otherwise idle system: `python -m benchmarks.latency`.

One at a time, with pauses between, and at a steady rate. At a steady rate a command's time begins when it was due, so
that a delay is counted for each command that it holds up.
"""

import argparse
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from adapters.keys import command_stream, outcome_stream
from benchmarks.contenders import spcm
from benchmarks.measuring import percentile, running
from benchmarks.scenarios import TENANT, Load, new
from benchmarks.servers import Servers, Stuck

PAUSES = (0.02, 0.06)
"""Seconds between an outcome and the next command. Their length varies: a worker that looks every so often
must not always be met at the same moment."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Of many commands, in milliseconds."""

    p50: float
    p90: float
    p99: float
    worst: float

    def __str__(self) -> str:
        return f"p50 {self.p50:.1f} ms, p90 {self.p90:.1f} ms, p99 {self.p99:.1f} ms, worst {self.worst:.1f} ms"


def latency_of(seconds: list[float]) -> Latency:
    return Latency(*(1000 * percentile(seconds, percent) for percent in (50, 90, 99, 100)))


def one_at_a_time(client: Any, load: Load, stream: str) -> list[float]:
    """Seconds that each command took, sent only after a pause when the one before had its outcome."""
    chance = random.Random(1)
    outcomes = follow(client, stream)
    took = []
    for partition, command in load.commands:
        begun = time.perf_counter()
        client.xadd(command_stream(partition), {"command": command})
        next(outcomes)
        took.append(time.perf_counter() - begun)
        time.sleep(chance.uniform(*PAUSES))
    return took


def at_a_rate(client: Any, load: Load, stream: str, rate: float) -> list[float]:
    """Seconds that each command took, sent at a steady rate whether or not the ones before have outcomes."""
    due: dict[str, float] = {}
    took: list[float] = []

    def read() -> None:
        for _, identity in zip(load.commands, follow(client, stream), strict=False):
            took.append(time.perf_counter() - due[identity])

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    begun = time.perf_counter() + 0.05
    for i, (partition, command) in enumerate(load.commands):
        moment = begun + i / rate
        due[orjson.loads(command)["id"]] = moment
        time.sleep(max(0.0, moment - time.perf_counter()))
        client.xadd(command_stream(partition), {"command": command})
    reader.join(60)
    if len(took) < len(load.commands):
        raise Stuck(f"{len(took)} of {len(load.commands)} outcomes")
    return took


def follow(client: Any, stream: str) -> Iterator[str]:
    """The command ids of the stream's new outcomes. Raises Stuck where none comes."""
    newest = client.xrevrange(stream, count=1)
    seen = newest[0][0] if newest else b"0-0"
    return _follow(client, stream, seen)


def _follow(client: Any, stream: str, seen: bytes) -> Iterator[str]:
    while found := client.xread({stream: seen}, block=4000):
        ((_, entries),) = found
        for entry, fields in entries:
            seen = entry
            yield orjson.loads(fields[b"event"])["commandid"]
    raise Stuck(f"no outcome after {seen!r}")


def measure(
    servers: Servers, *, commands: int, rate: float, processes: int = 2, one_partition: bool = False
) -> tuple[Latency, Latency]:
    """One at a time, and at so many a second, of a worker that does nothing else."""
    servers.reset([TENANT])
    stream = outcome_stream(TENANT)
    with running(spcm, servers, (TENANT,), processes):
        load = new(3 * commands)
        if one_partition:
            load = Load([(0, command) for _, command in load.commands])
        single, steady = Load(load.commands[:commands]), Load(load.commands[commands:])
        alone = latency_of(one_at_a_time(servers.client, single, stream))
        return alone, latency_of(at_a_rate(servers.client, steady, stream, rate))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=400, help="one at a time; twice as many at the steady rate")
    parser.add_argument("--rate", type=float, default=200, help="commands a second, at the steady rate")
    parser.add_argument("--one-partition", action="store_true", help="all commands in the same partition")
    parser.add_argument("--database", choices=["postgres", "sqlite"], default="postgres")
    parser.add_argument("--workers", type=int, default=2, help="worker processes")
    chosen = parser.parse_args()
    with Servers(chosen.database) as servers:
        alone, steady = measure(
            servers,
            commands=chosen.commands,
            rate=chosen.rate,
            processes=chosen.workers,
            one_partition=chosen.one_partition,
        )
    print(f"one at a time: {alone}")
    print(f"at {chosen.rate:g}/s: {steady}")


if __name__ == "__main__":
    main()
