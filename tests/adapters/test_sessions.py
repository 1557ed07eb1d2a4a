"""What our sessions on PostgreSQL are limited to, and what comes of it."""

import time

import pytest
from sqlalchemy import make_url, text

from adapters.database import make_engine
from adapters.failures import Clashed, Contended, Stalled


def test_our_limits_hold_whatever_the_databases_own_are(postgres_url: str) -> None:
    engine = make_engine(postgres_url, statement_timeout=1234)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting in ("synchronous_commit = off", "lock_timeout = 0", "idle_in_transaction_session_timeout = 0"):
            connection.execute(text(f"alter database {make_url(postgres_url).database} set {setting}"))
    engine.dispose()
    names = ("synchronous_commit", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    with engine.connect() as connection:
        assert [connection.scalar(text(f"show {name}")) for name in names] == ["on", "1234ms", "2s", "3s"]
    engine.dispose()


def test_a_session_that_said_nothing_for_too_long_has_stalled(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.database.IDLE_TIMEOUT", 100)
    engine = make_engine(postgres_url)
    with engine.connect() as connection:
        connection.execute(text("select 1"))
        time.sleep(0.5)
        with pytest.raises(Stalled):
            connection.execute(text("select 1"))
    engine.dispose()


def test_a_statement_whose_time_is_over_may_be_itself_to_blame(postgres_url: str) -> None:
    engine = make_engine(postgres_url, statement_timeout=50)
    with engine.connect() as connection, pytest.raises(Clashed, match="57014"):
        connection.execute(text("select pg_sleep(2)"))
    engine.dispose()


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03"])
def test_who_is_a_victim_of_others_is_not_to_blame(state: str, postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    with engine.connect() as connection, pytest.raises(Contended) as raised:
        connection.exec_driver_sql(f"do $$ begin raise exception 'x' using errcode = '{state}'; end $$")
    assert not isinstance(raised.value, Clashed)
    engine.dispose()
