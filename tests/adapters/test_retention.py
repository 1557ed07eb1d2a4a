"""Forgetting what is older than its retention."""

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from sqlalchemy import Connection, Engine, delete, event, func, select, text

from adapters.database import make_engine
from adapters.journal import Journal, Record, forget_before
from adapters.keys import command_stream
from adapters.migrations import migrate
from adapters.retention import Retention, claim_maintenance
from adapters.tables import journal
from domain.outcomes import Outcome

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def remember(connection: Connection, time: datetime, count: int = 1, first: int = 0) -> None:
    """Commands c0, c1, ... as executed at that time."""
    executed = Journal(connection)
    for number in range(first, first + count):
        name = f"c{number}"
        outcome = Outcome(f"3-{number}-0", time, 201, "completed", "acme", "subscriber.create", name, name)
        executed.add("acme", name, Record("f", outcome))
    executed.write()


def remembered(engine: Engine) -> int | None:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(journal))


def fill(client: Redis, streams: list[str], count: int, time: int = 1) -> None:
    """So many entries in each, as added at that time, in milliseconds."""
    with client.pipeline() as pipeline:
        for stream in streams:
            for number in range(count):
                pipeline.xadd(stream, {"event": "{}"}, id=f"{time}-{number + 1}")
        pipeline.execute()


def test_what_is_left_when_the_time_is_up_has_the_next_turn_at_once(engine: Engine, client: Redis) -> None:
    with engine.begin() as connection:
        remember(connection, NOW - 2 * DAY, 5_001)
    retention = Retention(engine, client, DAY, DAY, budget=0)
    assert claim_maintenance(client)
    assert retention.run() == 5_000
    assert claim_maintenance(client)
    assert retention.run() == 1
    assert retention.run() == 0
    assert remembered(engine) == 0


def test_in_a_partitioned_journal_nothing_younger_goes(postgres_url: str) -> None:
    """Two rows can be in the same place of two tables."""
    engine = make_engine(postgres_url)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("alter table journal rename to plain"))
        connection.execute(text("create table journal (like plain including all) partition by list (command_id)"))
        for name in ("c0", "c1"):
            connection.execute(text(f"create table journal_{name} partition of journal for values in ('{name}')"))
        remember(connection, NOW - 2 * DAY)
        remember(connection, NOW, first=1)
        assert forget_before(connection, NOW - DAY, 10) == 1
        assert connection.scalars(select(journal.c.command_id)).all() == ["c1"]
    engine.dispose()


def test_when_nothing_is_left_the_next_turn_is_later(engine: Engine, client: Redis) -> None:
    with engine.begin() as connection:
        remember(connection, NOW)
    assert claim_maintenance(client)
    assert Retention(engine, client, DAY, DAY).run() == 0
    assert not claim_maintenance(client)
    assert remembered(engine) == 1


def test_an_id_that_was_executed_anew_meanwhile_is_not_forgotten(postgres_url: str) -> None:
    engine, other = make_engine(postgres_url), make_engine(postgres_url)
    migrate(engine)
    with engine.begin() as connection:
        remember(connection, NOW - 2 * DAY)

    @event.listens_for(engine, "before_cursor_execute")
    def execute_anew(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE"):
            with other.begin() as connection:
                connection.execute(delete(journal))
                remember(connection, NOW)

    with engine.begin() as connection:
        forget_before(connection, NOW - DAY, 10)
    assert remembered(engine) == 1
    engine.dispose()
    other.dispose()


def test_what_is_too_old_is_found_without_reading_the_rest(postgres_url: str) -> None:
    """Also where new rows have filled the gaps of old ones, so that both lie side by side."""
    engine = make_engine(postgres_url)
    migrate(engine)
    filled = """
        insert into journal (tenant, command_id, fingerprint, event_id, executed_at, operation, correlation_id, status,
        fate) select 'acme', 'c' || i, '', '', 1000 + i * 7919 %% 20000, '', '', 200, ''
        from generate_series(1, 20000) i
    """
    read = "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables where relname = 'journal'"
    with engine.begin() as connection:
        connection.exec_driver_sql(filled)
        connection.exec_driver_sql("analyze journal")
    with engine.begin() as connection:
        forget_before(connection, datetime.fromtimestamp(1, UTC), 5_000)
        assert connection.exec_driver_sql(read).scalar_one() < 100
    engine.dispose()


def test_a_turn_comes_again_after_a_while(client: Redis) -> None:
    assert claim_maintenance(client)
    assert 0 < client.ttl("spcm:maintenance") <= 600


@pytest.mark.parametrize("left", [None, 3_600])
def test_a_claim_that_does_not_end_in_time_is_shortened(left: int | None, client: Redis) -> None:
    client.set("spcm:maintenance", 1, ex=left)
    assert not claim_maintenance(client)
    assert 0 < client.ttl("spcm:maintenance") <= 600


def test_streams_and_journal_have_each_their_own_retention(engine: Engine, client: Redis) -> None:
    old = int((NOW - 2 * DAY).timestamp() * 1000)
    streams = ["spcm:outcomes:acme", "spcm:deadletters"]
    fill(client, streams, 300, time=old)
    for stream in streams:
        client.xadd(stream, {"event": "new"})
    client.set("spcm:outcomes:odd", "no stream, and in nobody's way")
    with engine.begin() as connection:
        remember(connection, NOW - 2 * DAY)
    assert Retention(engine, client, journal=DAY, outcomes=9 * DAY).run() == 1
    assert [client.xlen(stream) for stream in streams] == [301, 301]
    assert Retention(engine, client, journal=9 * DAY, outcomes=DAY).run() == 0
    assert all(client.xlen(stream) < 150 for stream in streams)  # whole nodes of a hundred go


def test_commands_wait_for_as_long_as_it_takes(engine: Engine, client: Redis) -> None:
    streams = [command_stream(partition) for partition in range(2)] + ["not-ours"]
    fill(client, streams, 300)
    Retention(engine, client, DAY, DAY).run()
    assert [client.xlen(stream) for stream in streams] == [300] * 3


def test_all_that_is_too_old_goes_however_much_it_is(engine: Engine, client: Redis) -> None:
    """By itself Redis removes 10,000 entries at a time."""
    streams = ["spcm:outcomes:quiet", "spcm:outcomes:calm"]
    fill(client, streams, 25_000)
    client.set("spcm:maintenance", 1)
    Retention(engine, client, DAY, DAY, budget=0).run()
    assert not client.exists("spcm:maintenance")  # something is left for another turn
    client.set("spcm:maintenance", 1)
    Retention(engine, client, DAY, DAY, budget=60).run()
    assert [client.xlen(stream) for stream in streams] == [0, 0]
    assert client.exists("spcm:maintenance")


def test_a_retention_longer_than_time_itself_forgets_the_journal_all_the_same(engine: Engine, client: Redis) -> None:
    client.xadd("spcm:outcomes:acme", {"event": "old"}, id="1-1")
    with engine.begin() as connection:
        remember(connection, NOW - 2 * DAY)
    assert Retention(engine, client, journal=DAY, outcomes=36_500 * DAY).run() == 1
    assert client.xlen("spcm:outcomes:acme") == 1
