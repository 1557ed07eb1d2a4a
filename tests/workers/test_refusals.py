"""What the database refuses, or nobody could foresee: told to the one command that asks for it, and nothing is kept."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, text

from adapters.redis_client import connect
from domain.operations import OPERATIONS, SingleOperation
from domain.state import State
from domain.subscribers import SUBSCRIBERS, Subscriber
from tests.bulk.desk import plan
from tests.engines import migrated
from tests.workers.bench import Bench


@pytest.fixture
def bench(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("workers.drain.BUDGET", 30.0)
    with migrated(database_url) as engine, connect(redis_url) as client:
        yield Bench(engine, client)


def refuse(engine: Engine, table: str, condition: str) -> None:
    """Make the database refuse new rows of which this is true."""
    statements = [f"create trigger refuse before insert on {table} when {condition} begin select raise(abort, ''); end"]
    if engine.dialect.name == "postgresql":
        raising = "create function refuse() returns trigger language plpgsql as $$ begin raise check_violation; end $$"
        trigger = f"create trigger refuse before insert on {table} for each row when ({condition})"
        statements = [raising, f"{trigger} execute function refuse()"]
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_what_is_refused_beside_a_set_based_command_is_not_told_as_done(bench: Bench) -> None:
    refuse(bench.engine, "subscribers", "new.msisdn = '072'")
    bench.send("071", "072", "073")
    bench.ask("subscriber.batchUpdate", {"filter": {"tag": "t"}, "subscriber": {"zone": "z"}})
    bench.drain()
    assert bench.told() == [201, 500, 201, 200]
    assert bench.subscribers() == ["071", "073"]


def test_what_is_refused_while_a_command_is_executed_holds_up_nobody(bench: Bench) -> None:
    refuse(bench.engine, "last_ids", "new.kind = 'plan_definitions'")
    bench.send("071")
    bench.ask("planDefinition.create", plan(1))
    bench.send("073")
    bench.drain()
    assert bench.told() == [201, 500, 201]
    assert bench.subscribers() == ["071", "073"]


def test_a_command_whose_answer_cannot_be_told_has_changed_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create_and_answer_oddly(at: Any, _new: Any, state: State) -> Any:
        values = {"msisdn": at.msisdn, "payment_type": "unknown", "status": "active", "created": 1}
        flags = dict.fromkeys(("dps_enabled", "dps_notification", "eos_notification", "payg_notification"), False)
        state.put(SUBSCRIBERS, Subscriber.of(values | flags))
        return {"odd": {1, 2}}

    create = OPERATIONS["subscriber.create"]
    assert isinstance(create, SingleOperation)
    monkeypatch.setitem(OPERATIONS, "subscriber.create", replace(create, function=create_and_answer_oddly))
    bench.send("071")
    bench.drain()
    assert bench.told() == [500]
    assert bench.subscribers() == []
