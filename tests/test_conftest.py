"""What tests may rely on."""

import os

import pytest
import redis
from sqlalchemy import create_engine, inspect, text

from adapters.valkey import Valkey
from tests.servers import Postgres


@pytest.mark.parametrize("_again", range(2))
def test_redis_is_empty_at_the_start_of_each_test(redis_url: str, _again: int) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


@pytest.mark.parametrize("_again", range(2))
def test_the_database_is_empty_at_the_start_of_each_test(database_url: str, _again: int) -> None:
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(text("create table left_behind (id integer)"))
    engine.dispose()


def test_a_test_can_kill_a_valkey_of_its_own(valkey: Valkey) -> None:
    valkey.kill()
    assert not valkey.alive()


def test_a_test_can_kill_a_postgres_of_its_own(postgres_server: Postgres) -> None:
    postgres_server.kill()
    assert not postgres_server.alive()


def test_the_developers_own_settings_are_not_seen() -> None:
    assert [name for name in os.environ if name.startswith("SPCM_")] in ([], ["SPCM_TEST_DATABASE_URL"])
