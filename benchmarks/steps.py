"""Microseconds that each step of a subscriber.create costs in Python: `python -m benchmarks.steps`.

No server takes part, and time is this thread's own, so that the figures hold on a busy machine; the least of several
rounds counts.
"""

import argparse
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.encoding import JsonText, encode
from adapters.journal import fingerprint
from benchmarks.scenarios import MSISDN, payload_of, subscriber_number
from domain.commands import Command, read_command
from domain.operations import Work
from domain.outcomes import outcome_of
from domain.permissions import Permission, Principal
from domain.resources import Lookup
from domain.state import Defaults, State
from workers.composition import collect_garbage_rarely

ROUNDS = 9
TENANT = "acme"
PRINCIPAL = Principal(TENANT, "oms", frozenset(Permission))


class Empty:
    """A source of a tenant that has nothing."""

    def __init__(self) -> None:
        self._created = 0

    def load(self, _lookup: Lookup[Any]) -> Sequence[Any]:
        return []

    def creation_stamp(self) -> int:
        self._created += 1
        return self._created


class Laps:
    """What each step took, in microseconds a command."""

    def __init__(self, commands: int) -> None:
        self.took: dict[str, float] = {}
        self._commands = commands
        self._begun = time.thread_time()

    def lap(self, step: str) -> None:
        now = time.thread_time()
        self.took[step] = (now - self._begun) / self._commands * 1e6
        self._begun = time.thread_time()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commands", type=int, default=3_000)
    collect_garbage_rarely()  # as the worker does
    raws = [written(number) for number in range(parser.parse_args().commands)]
    rounds = [one_round(raws) for _ in range(ROUNDS)]
    least = {step: min(each[step] for each in rounds) for step in rounds[0]}
    for step, took in least.items():
        print(f"{step:40} {took:5.1f}")
    print(f"{'all':40} {sum(least.values()):5.1f}")


def written(number: int) -> bytes:
    payload = payload_of(subscriber_number(number))
    return encode(
        {
            "id": f"c{number}",
            "operation": "subscriber.create",
            "tenant": TENANT,
            "authorization": "Basic b21zOnMzY3JldA==",
            "params": {"msisdn": MSISDN.spell(subscriber_number(number))},
            "payload": payload,
        }
    )


def one_round(raws: Sequence[bytes]) -> dict[str, float]:
    laps = Laps(len(raws))
    commands = [read_command(raw, len(raw)) for raw in raws]
    laps.lap("read the command")
    works = [prepared(command) for command in commands]
    laps.lap("check params and payload")
    for command in commands:
        fingerprint(command.request)
    laps.lap("take its fingerprint")
    state = State(Empty(), Defaults())  # type: ignore[arg-type]  # of a source, a create needs these two
    for work in works:
        for lookup in work.lookups:
            state.shelf(lookup.kind).absorb(lookup, ())
    laps.lap("tell what it will ask, and find nothing")
    results = []
    for work in works:
        with state.attempt():
            results.append(work.execute(state))
    laps.lap("execute it")
    now = datetime.now(UTC)
    told = [result._replace(data=JsonText(encode(result.data).decode())) for result in results]
    pairs = zip(commands, told, strict=True)
    outcomes = [outcome_of(command, "0-1-0", result, tenant=TENANT, now=now) for command, result in pairs]
    laps.lap("make its outcome")
    for outcome in outcomes:
        encode(outcome.event())
    laps.lap("write the event")
    changes, _ = state.take_changes()
    encode([vars(subscriber) for change in changes for subscriber in change.added])
    laps.lap("write the subscriber's row")
    return laps.took


def prepared(command: Command) -> Work:
    assert command.operation is not None
    return command.operation.prepare(PRINCIPAL, command.request)


if __name__ == "__main__":
    main()
