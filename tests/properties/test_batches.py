"""Whatever is sent, in whatever batches: statuses, bodies and what is left are those of a plain model of the rules."""

import itertools
import json
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.bulk.desk import Desk
from tests.properties.commands import everything, random_commands
from tests.properties.model import JsonObject, Tenant


def _given(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The same examples in every run.

    All is drawn from one seed: of several values Hypothesis repeats most. So there is nothing to shrink either.
    """

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        chosen = settings(max_examples=examples, derandomize=True, deadline=None, phases=[Phase.generate])
        return chosen(given(seed=st.integers(0, 2**64))(test))

    return decorate


@_given(60)
def test_batches_on_sqlite_do_what_the_rules_say(sqlite_engine: Engine, seed: int) -> None:
    _compare(sqlite_engine, seed)


@_given(20)
def test_batches_on_postgresql_do_what_the_rules_say(postgres_engine: Engine, seed: int) -> None:
    _compare(postgres_engine, seed)


def _compare(engine: Engine, seed: int) -> None:
    desk, model = Desk(engine), Tenant()
    commands = random_commands(seed)
    cuts = sorted({*Random(seed).choices(range(1, len(commands)), k=seed % 10)})
    for start, end in itertools.pairwise([0, *cuts, len(commands)]):
        _check(desk, model, commands[start:end])
    _check(desk, model, everything())  # in a batch of its own, so from the database


def _check(desk: Desk, model: Tenant, commands: list[JsonObject]) -> None:
    events = desk.run(*(desk.command(**command) for command in commands))
    for command, event in zip(commands, events, strict=True):
        status, told, replayed = model.execute(command)
        assert (event["status"], event.get("replayed", False)) == (status, replayed), command
        # As text: members must come in the reference's order too.
        assert json.dumps(_told(event)) == json.dumps(told), command
        assert event.get("dryrun", False) == (command.get("dryRun", False) and not replayed), command


def _told(event: JsonObject) -> Any:
    return event["reason"] if event["status"] >= 400 else event.get("data")
