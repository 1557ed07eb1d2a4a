"""What a drain takes, what it refuses, and when it asks for another."""

import json
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from adapters.keys import command_stream, outcome_stream
from adapters.tables import partitions
from tests.streams import command_streams
from tests.workers.bench import Bench
from tests.workers.failing import Fail
from workers.case import Case


def test_a_drain_whose_time_is_up_answers_the_bell_and_asks_for_another(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.drain.BUDGET", 0)
    bench.streams.ring("bells", {0: "bell"})
    assert bench.drain() is True
    assert bench.streams.ring("bells", {0: "bell"}) == [0]


def test_beyond_the_limit_what_is_no_command_is_told_so_and_not_to_come_again(bench: Bench) -> None:
    bench.streams = command_streams(bench.client, backlog_limit=1)
    bench.send("071", "072")
    bench.client.xadd(command_stream(0), {"command": "[]"})
    bench.drain()
    assert bench.told() == [201, 503]
    [(_, fields)] = bench.client.xrange(outcome_stream(None))
    assert json.loads(fields[b"event"])["status"] == 400


def test_beyond_the_limit_nothing_but_the_envelope_is_looked_at(bench: Bench) -> None:
    bench.streams = command_streams(bench.client, backlog_limit=1)
    bench.send("071")
    bench.ask("subscriber.get", params={"msisdn": "071"}, authorization="Basic x")
    bench.ask("subscriber.get", params={})
    bench.ask("subscriber.create", {}, params={"msisdn": "072"})
    bench.drain()
    assert bench.told() == [201, 503, 503, 503]


def test_what_was_kept_of_reads_is_dropped_also_by_who_refuses(bench: Bench) -> None:
    """It may be megabytes, which each batch reads."""
    bench.streams = command_streams(bench.client, backlog_limit=2)
    bench.ask("subscriber.get", params={"msisdn": "071"})
    bench.send("071", "072")
    bench.drain()
    assert bench.told() == [404, 201, 503]
    with bench.engine.connect() as connection:
        assert set(connection.scalars(select(partitions.c.unremembered))) == {None}


def test_bulks_with_many_items_are_not_all_of_one_batch(
    bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def only_counted(cases: list[Case]) -> bool:
        sizes.append(len(cases))
        return False

    monkeypatch.setattr("workers.drain.MOST_ITEMS", 3)
    fail(only_counted, RuntimeError())
    for msisdns in (["1", "2"], ["3"], ["4"], ["5", "6", "7", "8"]):
        bench.send_bulk(*msisdns)
    bench.drain()
    assert sizes == [2, 1, 1]
    assert bench.told() == [200] * 4


@pytest.mark.parametrize("payload", [[], "items", {}, {"items": 3}, {"items": {"0": {}}}])
def test_a_bulk_that_is_none_is_told_so(bench: Bench, payload: Any) -> None:
    bench.ask("bulk.execute", payload)
    bench.send("071")
    with capture_logs() as logged:
        bench.drain()
    assert (bench.told(), logged) == ([412 if isinstance(payload, dict) else 400, 201], [])
