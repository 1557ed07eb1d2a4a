"""What tests may rely on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from sqlalchemy import create_engine, inspect, text

from adapters.valkey import Valkey
from tests.conftest import COLOURED, TEST_DATABASE_URL
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
    theirs = dict.fromkeys(("SPCM_PARTITIONS", "PGSSLMODE", *COLOURED), "1")
    words = [sys.executable, "-c", "import os; import tests.conftest; print(*os.environ)"]
    environment = {**os.environ, **theirs, TEST_DATABASE_URL: "postgresql://stays"}
    told = subprocess.run(words, env=environment, cwd=Path(__file__).parents[1], capture_output=True, check=True)
    seen = told.stdout.decode().split()
    assert theirs.keys() & set(seen) == set()
    assert TEST_DATABASE_URL in seen
