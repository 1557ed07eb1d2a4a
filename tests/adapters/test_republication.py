"""Outcomes from the journal, with nobody else at work."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from redis import Redis
from sqlalchemy import Engine, text

from adapters import republication
from adapters.database import make_engine
from adapters.encoding import JsonText
from adapters.journal import Journal, Record, outcomes_since
from adapters.migrations import migrate
from adapters.republication import republish
from domain.outcomes import Outcome

NOW = datetime.now(UTC)
STREAM = "spcm:outcomes:acme"


def remember(engine: Engine, count: int) -> list[str]:
    """Executed commands, one a second; the ids of their outcomes."""
    ids = [f"3-{1_763_740_800_000 + number}-0" for number in range(count)]
    with engine.begin() as connection:
        journal = Journal(connection)
        for number, event_id in enumerate(ids):
            time = NOW - timedelta(seconds=count - number)
            outcome = Outcome(event_id, time, 201, "completed", "acme", "subscriber.create", f"c{number}", f"c{number}")
            journal.add("acme", f"c{number}", Record("f", outcome))
        journal.write()
    return ids


def run(engine: Engine, client: Redis, seconds: int = 10_000) -> int:
    return republish(engine, client, "acme", NOW - timedelta(seconds=seconds))


def told(client: Any) -> list[str]:
    return [orjson.loads(fields[b"event"])["id"] for _, fields in client.xrange(STREAM)]


def test_more_than_are_read_at_once(engine: Engine, client: Redis) -> None:
    ids = remember(engine, 1_200)
    assert run(engine, client, seconds=1_100) == 1_100
    assert told(client) == ids[100:]
    assert run(engine, client) == 100
    assert run(engine, client) == 0


def test_they_come_in_the_order_of_their_commands_whatever_a_clock_said(engine: Engine, client: Redis) -> None:
    ids = [f"{part}-1763740800{ms}-{number}" for ms in ("009", "010") for number in range(12) for part in (3, 4)]
    with engine.begin() as connection:
        journal = Journal(connection)
        for place, event_id in enumerate(ids):
            time = NOW - timedelta(seconds=place % 5)
            outcome = Outcome(event_id, time, 201, "completed", "acme", "subscriber.create", event_id, event_id)
            journal.add("acme", event_id, Record("f", outcome))
        journal.write()
    assert run(engine, client) == len(ids)
    assert told(client) == ids


def test_an_outcome_whose_command_still_waits_is_left_to_the_worker(engine: Engine, client: Redis) -> None:
    ids = remember(engine, 3)
    client.xadd("spcm:commands:3", {"command": "{}"}, id=ids[1].removeprefix("3-"))
    assert run(engine, client) == 2
    assert told(client) == [ids[0], ids[2]]


def test_one_with_numbers_that_nobody_else_reads_is_told_once(engine: Engine, client: Redis) -> None:
    with engine.begin() as connection:
        journal = Journal(connection)
        outcome = Outcome("3-1-0", NOW, 207, "rejected", "acme", "bulk.execute", "c", "c")
        data = JsonText(f"[1e400,{'7' * 5000}]")
        journal.add("acme", "c", Record("f", outcome._replace(data=data)))
        journal.write()
    assert [run(engine, client) for _ in range(2)] == [1, 0]


def test_what_is_no_event_in_the_stream_is_in_nobodys_way(engine: Engine, client: Any) -> None:
    ids = remember(engine, 1)
    client.xadd(STREAM, {"event": "no JSON"})
    client.xadd(STREAM, {"other": "1"})
    client.xadd(STREAM, {"event": "[]"})
    assert run(engine, client) == 1
    assert orjson.loads(client.xrevrange(STREAM, count=1)[0][1][b"event"])["id"] == ids[0]


def test_a_journal_that_is_slow_to_read_is_waited_for(postgres_url: str, client: Redis) -> None:
    engine = make_engine(postgres_url, statement_timeout=500)
    migrate(engine)
    ids = remember(engine, 1)
    with engine.begin() as connection:
        connection.execute(text("alter table journal rename to slow"))
        connection.execute(text("create view journal as select slow.* from slow, pg_sleep(0.7)"))
    assert run(engine, client) == 1
    assert told(client) == ids
    engine.dispose()


def test_an_outcome_that_a_worker_tells_meanwhile_is_not_told_again(
    engine: Engine, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = remember(engine, 3)
    waits = ids[1].removeprefix("3-")
    client.xadd("spcm:commands:3", {"command": "{}"}, id=waits)
    finished = republication._finished

    def finish_first(*asked: Any) -> Any:
        if client.xdel("spcm:commands:3", waits):
            client.xadd(STREAM, {"event": orjson.dumps({"id": ids[1]})})
        return finished(*asked)

    monkeypatch.setattr(republication, "_finished", finish_first)
    assert run(engine, client) == 2
    assert told(client) == [ids[1], ids[0], ids[2]]


def test_two_who_publish_again_at_once_tell_nothing_twice(
    engine: Engine, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = remember(engine, 250)
    read_on = republication._Told.read_on
    reads = []

    def let_another_go_first(told: Any) -> None:
        read_on(told)
        reads.append(told)
        if len(reads) == 2:
            assert run(engine, client) == 250

    monkeypatch.setattr(republication._Told, "read_on", let_another_go_first)
    assert run(engine, client) == 0
    assert told(client) == ids


def test_much_is_appended_some_at_a_time(engine: Engine, client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(republication, "_BYTES_AT_ONCE", 1)
    ids = remember(engine, 5)
    assert run(engine, client) == 5
    assert told(client) == ids


def test_of_a_large_journal_only_some_rows_are_in_memory(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    migrate(engine)
    remember(engine, 1)
    with engine.begin() as connection:
        next(outcomes_since(connection, "acme", NOW - timedelta(hours=1)))
        assert connection.scalar(text("select count(*) from pg_cursors where name <> ''")) == 1
    engine.dispose()
