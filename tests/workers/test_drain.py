"""What a drain makes of failures: who is to blame, who is tried again, and who never notices."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
import redis
from sqlalchemy import Engine, make_url, select, update
from structlog.testing import capture_logs

from adapters.database import make_engine
from adapters.drain_lock import drain_lock
from adapters.failures import Clashed, Contended, Held, Stalled, TookTooLong, Unavailable
from adapters.keys import DEAD_LETTERS, command_stream, outcome_stream
from adapters.redis_client import connect
from adapters.streams import CommandStreams
from adapters.tables import partitions
from domain.operations import SingleOperation, SingleWork
from domain.state import State
from tests.engines import migrated
from tests.faults.proxy import Proxy
from tests.workers.bench import Bench
from workers.batch import Batch
from workers.case import Case
from workers.suspect import Suspect

Fail = Callable[[Callable[[list[Case]], bool], Exception], None]


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Makes batches fail with this error whose cases are such, unless their first is condemned."""
    execute = Batch.execute

    def set_up(are_such: Callable[[list[Case]], bool], error: Exception) -> None:
        def failing(batch: Batch, cases: list[Case]) -> Any:
            if are_such(cases) and not cases[0].condemned:
                raise error
            return execute(batch, cases)

        monkeypatch.setattr(Batch, "execute", failing)

    return set_up


def always(_: list[Case]) -> bool:
    return True


def test_a_bug_beside_the_operations_is_told_to_the_one_command_that_has_it(bench: Bench, fail: Fail) -> None:
    fail(lambda cases: any(b'"072"' in (case.entry.raw or b"") for case in cases), RuntimeError())
    bench.send("071", "072", "073")
    with capture_logs() as logged:
        bench.drain()
    assert bench.told() == [201, 500, 201]
    failed = [line["event_id"] for line in logged if line["event"] == "batch-failed"]
    assert failed == bench.event_ids()[:2]  # of the first one, and of the one to blame when it was alone


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
        suspect.look_at("0-1-0", last="0-1-0")
        suspect.hindered(Clashed())
    for _ in range(2):
        assert suspect.look_at("0-2-0", last="0-2-0") == ""
        suspect.hindered(Clashed())
    assert suspect.look_at("0-2-0", last="0-2-0") == ""
    suspect.hindered(Clashed("in the way"))
    assert suspect.look_at("0-2-0", last="0-2-0") == "in the way"


def test_who_only_waits_for_others_is_not_to_blame(bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.drain.BUDGET", 0.3)
    fail(always, Held("PostgreSQL: LockNotAvailable 55P03"))
    bench.send("071")
    with capture_logs() as logged:
        bench.drain()
    assert bench.told() == []
    assert [(line["log_level"], line["event"]) for line in logged][-2:] == [
        ("info", "trying-again"),
        ("warning", "waiting"),
    ]


def test_a_deadlock_is_no_outage(bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.drain.BUDGET", 0.3)
    fail(always, Contended("PostgreSQL: DeadlockDetected 40P01"))
    bench.send("071")
    with capture_logs() as logged:
        bench.drain()
    assert {(line["log_level"], line["event"]) for line in logged} == {("info", "trying-again")}


def test_whose_statements_take_too_long_is_not_tried_for_ever(
    bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.drain.BUDGET", 3.0)
    fail(always, TookTooLong())
    bench.send("071")
    with capture_logs() as logged:
        bench.drain()
    assert bench.told() == [500]
    given_up = [line for line in logged if line["event"] == "command-given-up"]
    assert [(line["event_id"], line["error"]) for line in given_up] == [(bench.event_ids()[0], "NeverEnded")]


def test_who_stalls_alone_three_times_is_not_tried_for_ever(bench: Bench, fail: Fail) -> None:
    fail(always, Stalled())
    bench.send("071")
    for _ in range(3):
        bench.drain()
        assert bench.told() == []
    bench.drain()
    assert bench.told() == [500]
    [(_, letter)] = bench.client.xrange(DEAD_LETTERS)
    assert letter[b"tries"] == b"4"


def test_who_stalls_before_it_is_executed_is_not_tried_for_ever_either(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stall(*_: Any) -> Any:
        raise Stalled

    monkeypatch.setattr(SingleOperation, "prepare", stall)
    bench.send("071")
    for _ in range(3):
        bench.drain()
        assert bench.told() == []
    bench.drain()
    assert bench.told() == [500]


class Killed(BaseException):
    """What nothing in the worker catches."""


def die(**_: Any) -> Any:
    raise Killed


def test_what_was_executed_is_no_dead_letter_though_its_worker_died_of_telling_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.send("071")
    with monkeypatch.context() as broken:
        broken.setattr(bench.streams, "_finish", die)
        for _ in range(4):
            with pytest.raises(Killed):
                bench.drain()
    bench.drain()
    assert bench.told() == [201]
    assert not bench.client.exists(DEAD_LETTERS)


def test_what_failed_is_a_dead_letter_though_its_worker_died_of_telling_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = SingleWork.execute

    def execute_all_but_one(work: SingleWork, state: State) -> Any:
        if "071" in vars(work.at).values():
            raise RuntimeError
        return execute(work, state)

    monkeypatch.setattr(SingleWork, "execute", execute_all_but_one)
    bench.send("071", "072")
    with monkeypatch.context() as broken:
        broken.setattr(bench.streams, "_finish", die)
        with pytest.raises(Killed):
            bench.drain()
    bench.drain()
    assert bench.told() == [500, 201]
    assert bench.client.xlen(DEAD_LETTERS) == 1


def test_what_was_executed_before_is_not_told_all_at_once_if_it_is_large(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for first in ("1", "3", "5"):
        bench.send_bulk(first, first + "0")
    with monkeypatch.context() as broken:
        broken.setattr(bench.streams, "_finish", die)
        with pytest.raises(Killed):
            bench.drain()
    assert len(bench.subscribers()) == 6
    told_at_once: list[int] = []
    finish = bench.streams.finish

    def counting(partition: int, token: str, told: Iterable[Any]) -> int:
        announced = list(told)
        told_at_once.append(len(announced))
        return finish(partition, token, announced)

    monkeypatch.setattr(bench.streams, "finish", counting)
    monkeypatch.setattr("workers.batch.LARGEST_ANSWERS", 1)
    bench.drain()
    assert told_at_once == [1, 1, 1]
    assert bench.told() == [200] * 3


def test_an_outage_is_never_held_against_a_command(bench: Bench, fail: Fail, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(always, Unavailable())
    bench.send("071")
    for _ in range(10):
        bench.drain()
    assert bench.told() == []
    monkeypatch.undo()
    bench.drain()
    assert bench.told() == [201]


@pytest.mark.parametrize("forgiven", ["at once", "later"])
def test_a_take_whose_answer_was_lost_is_no_death(bench: Bench, forgiven: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take = bench.streams._take

    def lose(**how: Any) -> None:
        take(**how)
        raise redis.ConnectionError

    def never_arrive(**_: Any) -> None:
        raise redis.ConnectionError

    bench.send("071")
    with monkeypatch.context() as broken:
        broken.setattr(bench.streams, "_take", lose)
        if forgiven == "later":
            broken.setattr(bench.streams, "_forgive", never_arrive)
        for _ in range(5):
            with pytest.raises(Unavailable):
                bench.streams.take(0, at_most=10)
    taken = bench.streams.take(0, at_most=10)
    assert (taken.deaths, taken.tries) == (0, 1)


@pytest.fixture
def slow(redis_url: str) -> Iterator[Proxy]:
    """A way to Redis that is slow if it is told so."""
    with Proxy(("127.0.0.1", make_url(redis_url).port or 0)) as proxy:
        yield proxy


def through(proxy: Proxy, redis_url: str, *, timeout: float) -> CommandStreams:
    url = make_url(redis_url).set(port=proxy.port).render_as_string(hide_password=False)
    return CommandStreams(connect(url, timeout=timeout), backlog_limit=100, outcome_retention=timedelta(days=1))


def test_a_redis_that_is_slower_than_postgresql_waits_condemns_nobody(
    postgres_url: str, redis_url: str, slow: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.database.IDLE_TIMEOUT", 200)  # milliseconds
    monkeypatch.setattr("adapters.heartbeat.BEAT", 0.1)
    with connect(redis_url) as client, migrated(postgres_url) as engine:
        bench = Bench(engine, client)
        bench.streams = through(slow, redis_url, timeout=5)
        bench.send("071")
        bench.streams.now()
        slow.latency(0.15)  # each way
        for _ in range(4):
            bench.drain()
            assert bench.told() == []
        slow.latency(0)
        monkeypatch.undo()
        patient = make_engine(postgres_url)
        bench.drain(patient)
        patient.dispose()
        assert bench.told() == [201]


def test_takes_whose_answers_came_too_late_are_no_deaths_though_nothing_could_be_forgiven(
    bench: Bench, redis_url: str, slow: Proxy
) -> None:
    streams = through(slow, redis_url, timeout=0.2)
    bench.send("071")
    for _ in range(4):
        streams.now()  # what is sent on a new connection first would be lost instead
        slow.latency(0.15)  # each way
        with pytest.raises(Unavailable):
            streams.take(0, at_most=10)
        slow.latency(0)
    taken = streams.take(0, at_most=10)
    assert (taken.deaths, taken.tries) == (0, 1)


def test_who_was_overtaken_forgives_nothing(bench: Bench) -> None:
    bench.send("071")
    slow = bench.streams.take(0, at_most=1).token
    for _ in range(2):
        bench.streams.take(0, at_most=1)
        bench.streams.forgive(0, slow)
    assert bench.streams.take(0, at_most=1).deaths == 3


def test_who_is_overtaken_leaves_what_is_left_to_the_other(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = bench.streams.finish

    def finish_late(partition: int, token: str, told: Iterable[Any]) -> int:
        bench.streams.take(partition, at_most=1)
        return finish(partition, token, told)

    bench.send("071")
    monkeypatch.setattr(bench.streams, "finish", finish_late)
    with capture_logs() as logged:
        assert bench.drain() is False
    assert bench.told() == []
    assert [(line["event"], line["log_level"]) for line in logged] == [("partition-taken-over", "info")]


def test_a_redis_that_is_gone_is_waited_for(bench: Bench, slow: Proxy, redis_url: str) -> None:
    bench.streams = through(slow, redis_url, timeout=5)
    bench.send("071")
    slow.refuse(True)
    slow.cut()
    with capture_logs() as logged:
        assert bench.drain() is False
    assert [line["event"] for line in logged] == ["waiting"]
    slow.heal()
    bench.drain()
    assert bench.told() == [201]


def test_on_sqlite_too_nobody_takes_what_is_just_being_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second would otherwise have waited for the commit, and would take what is not told yet."""
    others: list[bool] = []
    finish = bench.streams.finish

    def finish_late(partition: int, token: str, told: Iterable[Any]) -> int:
        if not others:
            others.append(bench.worker().run(partition))
        return finish(partition, token, told)

    bench.send("071")
    monkeypatch.setattr(bench.streams, "finish", finish_late)
    with capture_logs() as logged:
        bench.drain()
    assert (bench.told(), others, logged) == ([201], [False], [])


@pytest.mark.parametrize("came", [True, False], ids=["a command", "nothing"])
def test_who_is_turned_away_when_the_last_outcome_was_told_leaves_nothing_behind(
    came: bool, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one has already looked what is left, and still holds the partition."""
    others: list[bool] = []
    finish = bench.streams.finish

    def finish_and_linger(partition: int, token: str, told: Iterable[Any]) -> int:
        left = finish(partition, token, told)
        if not others:
            bench.send(*["072"] * came)
            assert bench.streams.ring("bells", {partition: "bell"}) == [partition]
            others.append(bench.worker().run(partition))
        return left

    bench.send("071")
    monkeypatch.setattr(bench.streams, "finish", finish_and_linger)
    bench.drain()
    assert (bench.told(), others) == ([201] * (1 + came), [False])
    assert bench.streams.ring("bells", {0: "bell"}) == [0]


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


def test_a_drain_whose_time_is_up_answers_the_bell_and_asks_for_another(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.drain.BUDGET", 0)
    bench.streams.ring("bells", {0: "bell"})
    assert bench.drain() is True
    assert bench.streams.ring("bells", {0: "bell"}) == [0]


def test_beyond_the_limit_what_is_no_command_is_told_so_and_not_to_come_again(bench: Bench) -> None:
    bench.streams = CommandStreams(bench.client, backlog_limit=1, outcome_retention=timedelta(days=1))
    bench.send("071", "072")
    bench.client.xadd(command_stream(0), {"command": "[]"})
    bench.drain()
    assert bench.told() == [201, 503]
    [(_, fields)] = bench.client.xrange(outcome_stream(None))
    assert json.loads(fields[b"event"])["status"] == 400


def test_what_was_kept_of_reads_is_dropped_also_by_who_refuses(bench: Bench) -> None:
    """It may be megabytes, which each batch reads."""
    bench.streams = CommandStreams(bench.client, backlog_limit=2, outcome_retention=timedelta(days=1))
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
