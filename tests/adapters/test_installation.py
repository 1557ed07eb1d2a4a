"""What must be so before commands are executed."""

import pytest
from redis import Redis
from sqlalchemy import Engine, create_engine, delete, make_url, select

from adapters.database import make_engine
from adapters.installation import fix_partitions, prepare
from adapters.migrations import NotReady, migrate
from adapters.tables import partitions
from tests.servers import drop_database, execute

KEY = "spcm:partitions"


def rows(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(select(partitions.c.number).order_by(partitions.c.number)))


def test_the_first_fixes_the_number_of_partitions_and_others_keep_it(engine: Engine, client: Redis) -> None:
    for _ in range(2):
        prepare(engine, client, 4)
        assert client.get(KEY) == b"4"
        assert rows(engine) == [0, 1, 2, 3]


def test_an_emptied_redis_gets_the_number_that_the_database_has_and_no_other(engine: Engine, client: Redis) -> None:
    prepare(engine, client, 8)
    client.flushall()
    with pytest.raises(NotReady, match="SPCM_PARTITIONS is 4, but the database has 8 partitions"):
        prepare(engine, client, 4)
    assert client.get(KEY) is None
    prepare(engine, client, 8)
    assert client.get(KEY) == b"8"


def test_a_new_database_gets_the_number_that_redis_has_and_no_other(engine: Engine, client: Redis) -> None:
    client.set(KEY, 8)
    with pytest.raises(NotReady, match="SPCM_PARTITIONS is 4, but Redis has 8 partitions"):
        prepare(engine, client, 4)
    assert rows(engine) == []
    prepare(engine, client, 8)
    assert len(rows(engine)) == 8


@pytest.mark.parametrize("removed", [2, 3])
def test_a_partition_that_somebody_has_removed_is_there_again(removed: int, engine: Engine, client: Redis) -> None:
    prepare(engine, client, 4)
    with engine.begin() as connection:
        connection.execute(delete(partitions).where(partitions.c.number == removed))
    prepare(engine, client, 4)
    assert rows(engine) == [0, 1, 2, 3]


def test_a_full_redis_tells_the_number_that_it_has(engine: Engine, client: Redis) -> None:
    prepare(engine, client, 4)
    client.config_set("maxmemory", 1)
    try:
        prepare(engine, client, 4)
    finally:
        client.config_set("maxmemory", 0)


def test_a_database_that_lacks_characters_is_refused_at_once(postgres_url: str, client: Redis) -> None:
    latin = f"{make_url(postgres_url).database}_latin"
    execute(postgres_url, f"create database {latin} template template0 encoding 'LATIN1' locale 'C'")
    engine = make_engine(make_url(postgres_url).set(database=latin).render_as_string(hide_password=False))
    try:
        with pytest.raises(NotReady, match="LATIN1"):
            migrate(engine)
        with pytest.raises(NotReady, match="LATIN1"):
            prepare(engine, client, 4)
    finally:
        engine.dispose()
        drop_database(postgres_url, latin)


def test_a_pooler_that_ignores_our_settings_is_refused(postgres_url: str, client: Redis) -> None:
    ours, ignored = make_engine(postgres_url), create_engine(postgres_url)
    try:
        migrate(ours)
        with pytest.raises(NotReady, match="name PostgreSQL itself"):
            prepare(ignored, client, 4)
        prepare(ours, client, 4)
    finally:
        ours.dispose()
        ignored.dispose()


def test_a_number_that_is_none_is_told_with_what_to_do(client: Redis) -> None:
    client.set(KEY, "abc")
    with pytest.raises(NotReady, match="spcm:partitions in Redis holds no number: delete it"):
        fix_partitions(client, 8)
