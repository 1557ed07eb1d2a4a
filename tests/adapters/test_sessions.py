"""What our sessions on PostgreSQL are limited to, and what comes of it."""

import os
import socket
import sys
import time

import pytest
from sqlalchemy import make_url, text

from adapters.database import make_engine
from adapters.failures import Clashed, Contended, Stalled, TookTooLong, Unavailable
from adapters.settings import Settings
from tests.servers import Postgres
from workers import composition


def test_our_limits_hold_whatever_the_databases_own_are(postgres_url: str) -> None:
    engine = make_engine(postgres_url, statement_timeout=12340)
    theirs = {
        "synchronous_commit": "off",
        "lock_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
        "idle_session_timeout": "'1min'",
        "client_encoding": "LATIN1",
    }
    limits = {
        "synchronous_commit": "on",
        "statement_timeout": "12340ms",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "3s",
        "plan_cache_mode": "force_custom_plan",
        "idle_session_timeout": "0",
        "client_encoding": "UTF8",
    }
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.scalar(text("show server_version_num")) >= "170000":
            theirs["transaction_timeout"] = "'1min'"
            limits["transaction_timeout"] = "0"
        for name, value in theirs.items():
            connection.execute(text(f"alter database {make_url(postgres_url).database} set {name} = {value}"))
    engine.dispose()
    with engine.connect() as connection:
        assert connection.scalar(text("select '€'")) == "€"
        assert {name: connection.scalar(text(f"show {name}")) for name in limits} == limits
    engine.dispose()


@pytest.mark.parametrize(
    "default", ["default_transaction_read_only = on", "search_path = nowhere", "role = pg_monitor"]
)
def test_what_a_session_was_given_when_it_began_is_gone_when_the_database_is_mended(
    default: str, postgres_url: str
) -> None:
    engine, other = make_engine(postgres_url), make_engine(postgres_url)
    database = make_url(postgres_url).database
    with other.connect().execution_options(isolation_level="AUTOCOMMIT") as administrator:
        administrator.execute(text("create table counted (number integer)"))
        administrator.execute(text(f"alter database {database} set {default}"))
        for _ in range(2):
            with pytest.raises(Unavailable), engine.begin() as connection:
                connection.execute(text("insert into counted values (1)"))
        administrator.execute(text(f"alter database {database} reset {default.split()[0]}"))
        with engine.begin() as connection:
            connection.execute(text("insert into counted values (1)"))
    engine.dispose()
    other.dispose()


def test_a_statement_ends_well_before_the_task_that_runs_it(postgres_url: str) -> None:
    for seconds, limit in ((30, "20s"), (5, "3333ms")):
        engine = composition.engine(Settings(database_url=postgres_url, batch_time_limit=seconds))
        with engine.connect() as connection:
            assert connection.scalar(text("show statement_timeout")) == limit
        engine.dispose()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems call these options otherwise")
def test_a_server_that_is_gone_without_a_word_is_noticed(postgres_server: Postgres) -> None:
    """By the kernel, that is: libpq waits for an answer for as long as the connection seems to be there."""
    engine = make_engine(postgres_server.url(tcp=True))
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        with socket.socket(fileno=os.dup(driver.fileno())) as session:
            assert session.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            waits = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
            assert [session.getsockopt(socket.IPPROTO_TCP, each) for each in waits] == [5, 2, 3, 10_000]
    engine.dispose()


def test_a_session_that_said_nothing_for_too_long_has_stalled(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.database.IDLE_TIMEOUT", 500)
    engine = make_engine(postgres_url)
    with engine.connect() as connection:
        connection.execute(text("select 1"))
        time.sleep(1.5)
        with pytest.raises(Stalled):
            connection.execute(text("select 1"))
    engine.dispose()


def test_a_statement_whose_time_is_over_may_be_itself_to_blame(postgres_url: str) -> None:
    engine = make_engine(postgres_url, statement_timeout=50)
    with engine.connect() as connection, pytest.raises(TookTooLong, match="57014"):
        connection.execute(text("select pg_sleep(2)"))
    engine.dispose()


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03", "57014"])
def test_who_is_a_victim_of_others_is_not_to_blame(state: str, postgres_url: str) -> None:
    """57014 without the statement's time being over: somebody has cancelled it."""
    engine = make_engine(postgres_url)
    with engine.connect() as connection, pytest.raises(Contended) as raised:
        connection.exec_driver_sql(f"do $$ begin raise exception 'x' using errcode = '{state}'; end $$")
    assert not isinstance(raised.value, Clashed | TookTooLong)
    engine.dispose()


@pytest.mark.parametrize("statement_timeout", [400, 20_000])
def test_who_waits_for_a_lock_has_not_worked_for_too_long(postgres_url: str, statement_timeout: int) -> None:
    engine, other = make_engine(postgres_url, statement_timeout=statement_timeout), make_engine(postgres_url)
    with other.connect() as holder, engine.connect() as waiting:
        holder.execute(text("create table locked ()"))
        holder.commit()
        holder.execute(text("lock table locked"))
        with pytest.raises(Contended, match="55P03"):
            waiting.execute(text("select * from locked"))
    engine.dispose()
    other.dispose()


def test_a_statement_that_somebody_has_deallocated_is_prepared_again(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    with engine.connect() as connection:
        for _ in range(10):  # psycopg prepares what comes again and again
            connection.execute(text("select 1"))
        connection.execute(text("do $$ begin execute 'deallocate all'; end $$"))
        with pytest.raises(Clashed):
            connection.execute(text("select 1"))
        connection.rollback()
        assert connection.scalar(text("select 1")) == 1
    engine.dispose()
