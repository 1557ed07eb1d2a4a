"""What servers do to us: what it is called, and that its words name the server and nothing that was sent."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import ResourceClosedError

from adapters.database import make_engine
from adapters.failures import Clashed, Unavailable
from adapters.migrations import migrate, require_current
from adapters.redis_client import connect
from adapters.redis_failures import redis_failures
from tests.faults.proxy import Proxy


def test_what_the_database_forbids_is_an_outage_also_at_the_start(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    migrate(engine)
    with engine.connect() as connection:
        connection.execute(text("create role spcm_stranger"))  # gone with the transaction
        connection.execute(text("set local role spcm_stranger"))
        with pytest.raises(
            Unavailable, match=r"^PostgreSQL: InsufficientPrivilege 42501 permission denied for table \w+$"
        ):
            require_current(connection)
    engine.dispose()


@pytest.mark.parametrize("missing", ["table", "column"])
def test_what_is_missing_while_a_backup_is_put_back_is_an_outage(missing: str, engine: Engine) -> None:
    asked = {"table": "select * from nowhere", "column": "select nowhere from tenants"}[missing]
    with engine.connect() as connection, pytest.raises(Unavailable):
        connection.execute(text(asked))


def test_a_database_that_lets_nobody_in_is_told_with_its_reason(postgres_url: str) -> None:
    url = make_url(postgres_url).set(database="canary").render_as_string(hide_password=False)
    with pytest.raises(Unavailable, match=r'^PostgreSQL: OperationalError .*database "canary" does not exist$'):
        make_engine(url).connect()


def test_a_session_that_ends_as_it_begins_is_an_outage(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*_: object) -> None:
        raise ResourceClosedError  # as SQLAlchemy does, now and then, where backends are terminated

    monkeypatch.setattr("sqlalchemy.dialects.postgresql.psycopg.PGDialect_psycopg.initialize", lose)
    engine = make_engine(postgres_url)
    with pytest.raises(Unavailable, match="the session ended as it began"):
        engine.connect()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"^SQLite: OperationalError SQLITE_CANTOPEN$"):
        make_engine(f"sqlite:///{tmp_path / 'missing' / 'spcm.sqlite'}").connect()


def test_what_is_in_a_row_is_not_told(database_url: str) -> None:
    engine = make_engine(database_url)
    migrate(engine)
    with engine.connect() as connection:
        connection.execute(text("insert into tenants values ('canary')"))
        with pytest.raises(Clashed) as raised:
            connection.execute(text("insert into tenants values ('canary')"))
    assert "canary" not in str(raised.value)
    assert str(raised.value).startswith(("PostgreSQL: UniqueViolation 23505", "SQLite: IntegrityError SQLITE_"))
    engine.dispose()


@pytest.fixture
def silent() -> Iterator[int]:
    """A port at which connections are taken, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_says_nothing_is_an_outage(silent: int) -> None:
    outages = []

    def ask_both() -> None:
        try:
            with redis_failures(), connect(f"redis://127.0.0.1:{silent}/0", timeout=0.1) as client:
                client.ping()
        except Unavailable as outage:
            outages.append(outage)
        try:
            make_engine(f"postgresql://u:p@127.0.0.1:{silent}/spcm").connect()
        except Unavailable as outage:
            outages.append(outage)

    asking = threading.Thread(target=ask_both, daemon=True)
    asking.start()
    asking.join(60)  # it takes five seconds; psycopg by itself waits for two minutes, redis-py without an end
    assert len(outages) == 2


def test_redis_is_told_nothing_twice_though_its_answer_was_lost(proxy: Proxy, proxied_url: str) -> None:
    with connect(proxied_url) as client:
        assert client.incr("asked") == 1
        proxy.cut_on(b"INCR", "to_server", "after")
        with pytest.raises(Unavailable), redis_failures():
            client.incr("asked")
        assert client.get("asked") == b"2"


def test_a_wrong_password_of_redis_is_told_without_it(redis_url: str) -> None:
    port = make_url(redis_url).port
    with (
        redis.Redis.from_url(f"redis://:canary@127.0.0.1:{port}/0") as client,
        pytest.raises(Unavailable, match=r"^Redis: AuthenticationError [^ ].*[^ ]$") as raised,
        redis_failures(),
    ):
        client.ping()
    assert "canary" not in str(raised.value)


def test_of_what_redis_refuses_only_the_code_is_told(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.set("text", "canary")
        with pytest.raises(Unavailable, match=r"^Redis: ResponseError WRONGTYPE$"), redis_failures():
            client.xlen("text")
        with client.pipeline(transaction=False) as pipeline:
            pipeline.xadd("text", {"command": "canary"})
            with pytest.raises(Unavailable, match=r"^Redis: ResponseError WRONGTYPE$"), redis_failures():
                pipeline.execute()
