"""Failures: who is to blame, who is tried again, and who never notices."""

import json
from collections.abc import Iterator, MutableMapping
from contextlib import AbstractContextManager
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Engine, update
from structlog.testing import capture_logs

from adapters.drain_lock import drain_lock
from adapters.failures import Clashed, Contended, Held, Stalled, TookTooLong, Unavailable
from adapters.keys import DEAD_LETTERS, outcome_stream
from adapters.tables import partitions
from domain.commands import Command, read_command
from domain.operations import SingleOperation
from tests.workers.bench import Bench
from tests.workers.failing import Fail, always
from workers.batch import Batch
from workers.case import Case
from workers.suspect import Suspect


def log_of_failing(bench: Bench, fail: Fail, error: Exception) -> list[MutableMapping[str, Any]]:
    """What a drain of one command says whose batches all fail with this error."""
    fail(always, error)
    bench.send("071")
    with capture_logs() as logged:
        bench.drain()
    return logged


def assert_given_up_in_the_fourth_drain(bench: Bench) -> None:
    """One command is waiting."""
    for _ in range(3):
        bench.drain()
        assert bench.told() == []
    bench.drain()
    assert bench.told() == [500]


def test_a_bug_beside_the_operations_is_told_to_the_one_command_that_has_it(bench: Bench, fail: Fail) -> None:
    fail(lambda cases: any(b'"072"' in (case.entry.raw or b"") for case in cases), RuntimeError())
    bench.send("071", "072", "073")
    with capture_logs() as logged:
        bench.drain()
    assert bench.told() == [201, 500, 201]
    failed = [line["event_id"] for line in logged if line["event"] == "batch-failed"]
    assert failed == bench.event_ids()[:2]  # of the first one, and of the one to blame when it was alone


def fail_to_read(monkeypatch: pytest.MonkeyPatch, failures: Iterator[object]) -> None:
    """Subscriber 072's command, at each of these."""

    def read(raw: bytes | None, size: int) -> Command:
        if b'"072"' in (raw or b"") and next(failures, None) is not None:
            raise RuntimeError
        return read_command(raw, size)

    monkeypatch.setattr("workers.case.read_command", read)


def test_what_can_never_be_read_is_a_dead_letter_of_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_to_read(monkeypatch, count())
    bench.send("071", "072", "073")
    bench.drain()
    assert bench.told() == [201, 201]
    [(_, fields)] = bench.client.xrange(DEAD_LETTERS)
    event = json.loads(fields[b"event"])
    assert (event["status"], event["source"], fields[b"error"]) == (500, "/spcm", b"RuntimeError")
    kept = json.loads(fields[b"command"])
    assert (kept["params"], "authorization" in kept) == ({"msisdn": "072"}, False)
    [(_, told)] = bench.client.xrange(outcome_stream(None))
    assert json.loads(told[b"event"]) == event


@pytest.mark.parametrize("times", [1, 2])
def test_what_cannot_be_read_for_a_moment_is_executed_in_its_place(
    times: int, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_to_read(monkeypatch, iter(range(times)))
    bench.send("071", "072", "073")
    bench.drain()
    assert bench.told() == [201, 201 if times == 1 else 500, 201]
    assert [event["subject"] for event in bench.events()] == [f"subscribers/07{number}" for number in (1, 2, 3)]


def test_a_failed_command_whose_credentials_cannot_be_found_is_kept_nowhere(
    bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: bytes) -> bytes:
        raise RuntimeError

    monkeypatch.setattr("workers.case.without_authorization", broken)
    fail(always, RuntimeError())
    bench.send("071")
    bench.drain()
    assert bench.told() == [500]
    [(_, fields)] = bench.client.xrange(DEAD_LETTERS)
    assert fields[b"command"] == b""


def test_who_clashes_alone_again_and_again_is_to_blame(bench: Bench, fail: Fail) -> None:
    fail(always, Clashed("in the way"))
    bench.send("071")
    bench.drain()
    assert bench.told() == [500]


@pytest.mark.parametrize("error", [RuntimeError(), Clashed("in the way")], ids=["raises", "clashes"])
def test_who_is_to_blame_is_found_also_where_a_drain_has_the_time_for_one_batch_only(
    error: Exception, bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.drain.BUDGET", 0.001)
    fail(lambda cases: any(b'"072"' in (case.entry.raw or b"") for case in cases), error)
    bench.send("071", "072", "073")
    worker = bench.worker()
    for _ in range(40):
        worker.run(0)
    assert bench.told() == [201, 500, 201]


def test_only_what_failed_together_is_taken_one_at_a_time(bench: Bench, fail: Fail) -> None:
    sizes: list[int] = []

    def one_is_to_blame(cases: list[Case]) -> bool:
        sizes.append(len(cases))
        if len(sizes) == 1:
            bench.send("074", "075", "076")
        return any(b'"072"' in (case.entry.raw or b"") for case in cases)

    fail(one_is_to_blame, RuntimeError())
    bench.send("071", "072", "073")
    bench.drain()
    assert sizes == [3, 1, 1, 1, 1, 3]  # the one to blame fails alone, and then is told so
    assert bench.told() == [201, 500, 201, 201, 201, 201]


def test_a_batch_fails_but_once_where_a_drain_has_the_time_for_one_batch_only(
    bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.drain.BUDGET", 0.001)
    sizes: list[int] = []

    def last_is_to_blame(cases: list[Case]) -> bool:
        sizes.append(len(cases))
        return any(b'"074"' in (case.entry.raw or b"") for case in cases)

    fail(last_is_to_blame, RuntimeError())
    bench.send("071", "072", "073", "074")
    worker = bench.worker()
    while worker.run(0):
        pass
    assert sizes == [4, 1, 1, 1, 1, 1]
    assert bench.told() == [201, 201, 201, 500]


def test_how_often_one_has_clashed_is_not_counted_against_the_next() -> None:
    suspect = Suspect(batch_size=1)
    for _ in range(4):  # of many at once, then alone
        suspect.begin("0-1-0", last="0-1-0")
        suspect.hindered(Clashed())
    for _ in range(2):
        assert suspect.begin("0-2-0", last="0-2-0") == ""
        suspect.hindered(Clashed())
    assert suspect.begin("0-2-0", last="0-2-0") == ""
    suspect.hindered(Clashed("in the way"))
    assert suspect.begin("0-2-0", last="0-2-0") == "in the way"


def test_who_only_waits_for_others_is_not_to_blame(bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.drain.BUDGET", 0.3)
    logged = log_of_failing(bench, fail, Held("PostgreSQL: LockNotAvailable 55P03"))
    assert bench.told() == []
    assert [(line["log_level"], line["event"]) for line in logged][-2:] == [
        ("info", "trying-again"),
        ("warning", "waiting"),
    ]


def test_a_deadlock_is_no_outage(bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.drain.BUDGET", 0.3)
    logged = log_of_failing(bench, fail, Contended("PostgreSQL: DeadlockDetected 40P01"))
    assert {(line["log_level"], line["event"]) for line in logged} == {("info", "trying-again")}


def test_whose_statements_take_too_long_is_not_tried_for_ever(
    bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.drain.BUDGET", 3.0)
    logged = log_of_failing(bench, fail, TookTooLong())
    assert bench.told() == [500]
    given_up = [line for line in logged if line["event"] == "command-given-up"]
    assert [(line["event_id"], line["error"]) for line in given_up] == [(bench.event_ids()[0], "NeverEnded")]


def test_who_stalls_alone_three_times_is_not_tried_for_ever(bench: Bench, fail: Fail) -> None:
    fail(always, Stalled())
    bench.send("071")
    assert_given_up_in_the_fourth_drain(bench)
    [(_, letter)] = bench.client.xrange(DEAD_LETTERS)
    assert letter[b"tries"] == b"4"


def test_who_stalls_before_it_is_executed_is_not_tried_for_ever_either(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stall(*_: Any) -> Any:
        raise Stalled

    monkeypatch.setattr(SingleOperation, "prepare", stall)
    bench.send("071")
    assert_given_up_in_the_fourth_drain(bench)


def test_an_outage_is_never_held_against_a_command(bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(always, Unavailable())
    bench.send("071")
    for _ in range(10):
        bench.drain()
    assert bench.told() == []
    monkeypatch.undo()
    bench.drain()
    assert bench.told() == [201]


def test_who_fails_alone_is_condemned_and_nobody_in_its_place(
    bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first command fails twice; then another worker is done with it, and the next one comes."""
    batches = 0

    def meanwhile(engine: Engine, partition: int) -> AbstractContextManager[bool]:
        nonlocal batches
        batches += 1
        if batches == 3:
            monkeypatch.undo()
            bench.drain()
            bench.send("072")
        return drain_lock(engine, partition)

    bench.send("071")
    fail(always, RuntimeError())
    monkeypatch.setattr("workers.drain.drain_lock", meanwhile)
    bench.drain()
    assert bench.told() == [201, 201]
    assert not bench.client.exists(DEAD_LETTERS)


def test_a_command_whose_failure_cannot_be_written_waits_and_is_tried_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def fail_also_condemned(*_: Any, **__: Any) -> None:
        tries.append("as one of many, alone, to tell that it failed")
        raise RuntimeError

    bench.send("071")
    monkeypatch.setattr(Batch, "execute", fail_also_condemned)
    assert bench.drain() is False
    assert len(tries) == 3
    assert bench.streams.ring("bells", {0: "bell"}) == [], "nobody comes back at once"
    monkeypatch.undo()
    bench.drain()
    assert bench.told() == [201]


def test_a_bug_before_anything_is_taken_is_told_once_and_waited_out(bench: Bench) -> None:
    with bench.engine.begin() as connection:
        connection.execute(update(partitions).values(unremembered="no JSON"))
    bench.send("071")
    with capture_logs() as logged:
        assert bench.drain() is False
    assert [line["event"] for line in logged] == ["batch-failed", "waiting"]
    assert bench.streams.ring("bells", {0: "bell"}) == [], "nobody comes back at once"
