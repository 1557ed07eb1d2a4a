"""Whether commands are executed at all: what waits for long is looked at twice."""

import time
from collections.abc import Iterator
from typing import Any

import redis

from adapters.keys import added_at, command_stream
from cli.doctor.findings import Finding, ok, problem
from cli.overview import Worker

LONG = 10.0
"""Seconds that a command waits before it is suspicious."""

BETWEEN = 3.0
"""Seconds between the two looks: more than a batch takes, unless it is one long bulk."""


def standstills(client: redis.Redis, partitions: int) -> dict[int, float]:
    """The partitions whose first command waits for long and stays the first; for how many seconds it does.

    Raises redis-py's errors.
    """
    before = _first_entries(client, partitions)
    seconds, _ = client.time()
    waited = {number: seconds - added_at(entry) for number, entry in before.items()}
    suspicious = {number: age for number, age in waited.items() if age > LONG}
    if suspicious:
        time.sleep(BETWEEN)
        after = _first_entries(client, partitions)
        suspicious = {number: age for number, age in suspicious.items() if after.get(number) == before[number]}
    return suspicious


def standstill_findings(
    standing: dict[int, float], workers: list[Worker] | None, foreign: list[str]
) -> Iterator[Finding]:
    """What stands still, and why as far as can be told; `workers` is None where Redis does not tell."""
    if not standing:
        yield ok("commands", "nothing stands still")
        return
    if foreign:
        advice = f"database sessions that hold what workers need: {', '.join(foreign)}; have them terminated"
    elif workers == []:
        advice = "no worker is there: start one"
    else:
        advice = "look for `waiting` and `trying-again` in the workers' logs, and for silent ones in `spcm status`"
    if len(standing) == 1:
        ((number, age),) = standing.items()
        yield problem("commands", f"partition {number} stands still: its first command has waited {age:.0f} s", advice)
        return
    numbers = ", ".join(map(str, sorted(standing)))
    found = f"partitions {numbers} stand still: the first command has waited {max(standing.values()):.0f} s"
    yield problem("commands", found, advice)


def _first_entries(client: redis.Redis, partitions: int) -> dict[int, bytes]:
    with client.pipeline(transaction=False) as pipeline:
        for number in range(partitions):
            pipeline.xrange(command_stream(number), count=1)
        told: list[Any] = pipeline.execute(raise_on_error=False)
    return {number: entries[0][0] for number, entries in enumerate(told) if isinstance(entries, list) and entries}
