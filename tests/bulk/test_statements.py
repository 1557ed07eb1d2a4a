"""How many statements a batch takes does not depend on how many commands it holds (ADR 3)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.bulk.desk import Desk, JsonObject, from_item, item, new_subscriber, pcc, plan

MANY = 12


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """With `MANY` of each kind, named by their number."""
    for number in range(1, MANY + 1):
        outcome = desk.bulk(
            item("provisionProfile.create", {"name": f"profile {number}", "defaultProfile": False}),
            item("planDefinition.create", plan(number), id="plan"),
            item("pccProfile.create", pcc(number), planDefinitionId=from_item("plan", "id")),
            new_subscriber(f"07{number}", imsi=f"2720{number}", imei=f"{number:014}"),
        )
        assert outcome["status"] == 200, outcome
    return desk


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that were executed."""
    executed: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        executed.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield executed
    event.remove(engine, "before_cursor_execute", note)


def test_one_that_changes_many_takes_as_many_statements_as_one_that_changes_two(desk: Desk) -> None:
    def statements(tag: str, count: int) -> int:
        desk.create(*(f"{tag}{number}" for number in range(count)), tag=tag)
        at = {"filter": {"tag": tag}, "subscriber": {"zone": "z"}}
        with counted(desk.engine) as executed:
            outcome = desk.ask("subscriber.batchUpdate", at)
        assert outcome["data"] == {"updated": count}
        return len(executed)

    assert statements("08", MANY) == statements("09", 2)


Ask = Callable[[int], tuple[str, JsonObject, JsonObject | None]]
"""Operation, params and payload for a number."""

ASKED: list[Ask] = [
    lambda n: ("provisionProfile.create", {}, {"name": f"new {n}", "defaultProfile": False}),
    lambda n: ("provisionProfile.get", {"id": n}, None),
    lambda _: ("provisionProfile.list", {}, None),
    lambda n: ("provisionProfile.update", {"id": n}, {"name": f"other {n}"}),
    lambda n: ("provisionProfile.delete", {"id": n}, None),
    lambda n: ("planDefinition.create", {}, {**plan(n), "name": f"new {n}"}),
    lambda n: ("planDefinition.get", {"planDefinitionId": n}, None),
    lambda n: ("planDefinition.search", {"name": f"plan {n}"}, None),
    lambda n: ("planDefinition.finalise", {"planDefinitionId": n}, None),
    lambda n: ("pccProfile.create", {"planDefinitionId": n}, {**pcc(n), "alias": "another"}),
    lambda n: ("pccProfile.get", {"planDefinitionId": n, "pccProfileId": n}, None),
    lambda n: ("pccProfile.list", {"planDefinitionId": n}, None),
    lambda n: ("pccProfile.update", {"planDefinitionId": n, "pccProfileId": n}, {"alias": "another"}),
    lambda n: ("pccProfile.delete", {"planDefinitionId": n, "pccProfileId": n}, None),
    lambda n: ("subscriber.create", {"msisdn": f"08{n}"}, {"msisdn": f"08{n}", "imsi": f"2721{n}"}),
    lambda n: ("subscriber.get", {"msisdn": f"07{n}"}, None),
    lambda n: ("subscriber.search", {"imsi": f"2720{n}"}, None),
    lambda n: ("subscriber.search", {"imei": f"{n:014}"}, None),
    lambda n: ("subscriber.update", {"msisdn": f"07{n}"}, {"imsi": f"2722{n}"}),
    lambda n: ("subscriber.delete", {"msisdn": f"07{n}"}, None),
]


@pytest.mark.parametrize("ask", ASKED, ids=lambda ask: ask(1)[0])
def test_many_take_as_many_statements_as_two(ask: Ask, filled: Desk) -> None:
    def statements(*numbers: int) -> int:
        asked = [(operation, params, payload) for operation, params, payload in map(ask, numbers)]
        commands = [filled.command(operation, payload, params=params) for operation, params, payload in asked]
        with counted(filled.engine) as executed:
            outcomes = filled.run(*commands)
        assert {outcome["type"].rpartition(".")[2] for outcome in outcomes} == {"completed"}, outcomes
        return len(executed)

    assert statements(*range(3, MANY + 1)) == statements(1, 2)
