"""Searches go to each key through an index, also in a table that was filled since and that nobody analysed (ADR 5)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, insert, literal, select

from adapters.journal import Journal
from adapters.rows import Rows
from adapters.tables import journal, subscribers
from benchmarks.existing import add_subscribers
from domain.subscribers import SUBSCRIBERS

FILLED = 20_000
KEYS = [("acme", str(number)) for number in range(100)]
PAGES_A_KEY = 5
"""Those of an index from its root to a leaf, and the row's."""

EXPLAIN = {"postgresql": "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)", "sqlite": "EXPLAIN QUERY PLAN"}

Search = Callable[[Connection], Any]
SEARCHES: dict[str, Search] = {
    "msisdn": lambda connection: Rows(connection, {SUBSCRIBERS}).find(SUBSCRIBERS.by(msisdn=""), KEYS),
    "imsi": lambda connection: Rows(connection, {SUBSCRIBERS}).find(SUBSCRIBERS.by(imsi=""), KEYS),
    "imei": lambda connection: Rows(connection, {SUBSCRIBERS}).find(SUBSCRIBERS.newest_by(imei=""), KEYS),
    "command_id": lambda connection: Journal(connection).prefetch(KEYS),
}


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            for table in (subscribers, journal):
                connection.exec_driver_sql(f"ALTER TABLE {table.name} SET (autovacuum_enabled = false)")
        add_subscribers(connection, "acme", FILLED)
        _remember(connection)
        connection.commit()
        yield connection


def test_a_search_goes_to_each_key_through_an_index(connection: Connection) -> None:
    for field, search in SEARCHES.items():
        plan = _plan_of(search, connection)
        if connection.dialect.name == "postgresql":
            [[[found]]] = plan
            pages = found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]
            assert pages <= PAGES_A_KEY * len(KEYS), field
        else:
            steps = [step for *_, step in plan if "subscribers" in step or "journal" in step]
            assert steps, field
            assert all(step.startswith("SEARCH") and "tenant=?" in step and f"{field}=?" in step for step in steps)


def _plan_of(search: Search, connection: Connection) -> list[Any]:
    """What the engine says of the search's one statement."""
    plans: list[list[Any]] = []

    def explain(_: Connection, cursor: Any, statement: str, parameters: Any, *_context: Any) -> None:
        cursor.execute(f"{EXPLAIN[connection.dialect.name]} {statement}", parameters)
        plans.append(cursor.fetchall())

    event.listen(connection, "before_cursor_execute", explain)
    search(connection)
    event.remove(connection, "before_cursor_execute", explain)
    [plan] = plans
    return plan


def _remember(connection: Connection) -> None:
    """A command for each subscriber."""
    texts = ("fingerprint", "event_id", "operation", "correlation_id", "fate")
    numbers = ("executed_at", "status")
    rest = [*(literal("1") for _ in texts), *(literal(1) for _ in numbers)]
    remembered = select(subscribers.c.tenant, subscribers.c.msisdn, *rest)
    connection.execute(insert(journal).from_select(["tenant", "command_id", *texts, *numbers], remembered))
