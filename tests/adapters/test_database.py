import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from adapters.database import READS, WrongDatabaseUrl, database_url, make_engine

FULL = 2  # of SQLite's synchronous: fsync at each commit


def test_what_is_wrong_with_a_statement_is_told_without_its_parameters(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(text("select 1 form nothing where 1 = :number"), {"number": "canary"})
    assert "canary" not in str(raised.value)
    engine.dispose()


def test_on_sqlite_whoever_comes_second_waits_and_sees_what_the_first_has_done(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("create table counted (number integer)"))
        connection.execute(text("insert into counted values (0)"))
    coming = Event()

    def count() -> None:
        coming.set()
        with engine.begin() as connection:
            number = connection.scalar(text("select number from counted"))
            connection.execute(text("update counted set number = :number"), {"number": number + 1})

    with ThreadPoolExecutor(1) as beside:
        with engine.begin() as connection:
            connection.execute(text("update counted set number = 1"))
            second = beside.submit(count)
            coming.wait()
            time.sleep(0.3)  # until it waits
        second.result()
    with engine.connect().execution_options(**READS) as connection:
        assert connection.scalar(text("select number from counted")) == 2
    engine.dispose()


def test_on_sqlite_who_only_reads_waits_for_nobody(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("create table counted (number integer)"))
    with engine.begin() as writer, engine.connect().execution_options(**READS) as reader:
        writer.execute(text("insert into counted values (0)"))
        assert reader.scalar(text("select count(*) from counted")) == 0
    engine.dispose()


def test_on_sqlite_what_is_committed_is_on_the_disk(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with engine.connect().execution_options(**READS) as connection:
        assert connection.scalar(text("pragma journal_mode")) == "wal"
        assert connection.scalar(text("pragma synchronous")) == FULL
    engine.dispose()


def test_a_password_with_an_at_is_no_part_of_a_host() -> None:
    with pytest.raises(WrongDatabaseUrl, match="%40") as raised:
        database_url("postgresql://spcm:pass@word@localhost/spcm")
    assert "word@" not in str(raised.value)
