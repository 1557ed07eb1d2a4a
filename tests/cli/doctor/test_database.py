"""What `spcm doctor` finds in the database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import redis
from sqlalchemy import create_engine, make_url

from adapters.keys import PARTITIONS
from cli.doctor.database import database_findings
from tests.cli.doctor.found import findings
from tests.cli.program import Program
from tests.servers import execute


@contextmanager
def database_of(program: Program) -> Iterator[sqlite3.Connection]:
    """Its file, until the changes are committed."""
    file = Path(program.environment["SPCM_DATA"]) / "spcm.sqlite"
    with closing(sqlite3.connect(file)) as connection, connection:
        yield connection


def test_doctor_tells_a_right_that_is_missing(redis_url: str, postgres_url: str, tmp_path: Path) -> None:
    program = Program(SPCM_REDIS_URL=redis_url, SPCM_DATABASE_URL=postgres_url, SPCM_DATA=str(tmp_path))
    assert program.call("migrate").status == 0
    name = make_url(postgres_url).database
    execute(postgres_url, f"create role {name} login")
    execute(postgres_url, f"grant select on alembic_version to {name}")
    try:
        program.environment["SPCM_DATABASE_URL"] = postgres_url.replace("//postgres@", f"//{name}@")
        ended = program.call("doctor", "--json")
        execute(postgres_url, f"grant select on all tables in schema public to {name}")
        reading = program.call("doctor", "--json")
    finally:
        execute(postgres_url, f"drop owned by {name}")
        execute(postgres_url, f"drop role {name}")
    assert "permission denied" in ended.lines[-1]["found"]
    assert "schema 0001" in {line["found"] for line in ended.lines}
    [lacking] = [line["found"] for line in reading.lines if "lacks" in line["found"]]
    assert lacking.startswith("this user lacks INSERT on journal, UPDATE on journal, DELETE on journal, INSERT on")
    assert lacking.endswith("USAGE on creations")


def test_doctor_tells_a_database_that_takes_no_writes(redis_url: str, postgres_url: str, tmp_path: Path) -> None:
    program = Program(SPCM_REDIS_URL=redis_url, SPCM_DATABASE_URL=postgres_url, SPCM_DATA=str(tmp_path))
    assert program.call("migrate").status == 0
    execute(postgres_url, f"alter database {make_url(postgres_url).database} set default_transaction_read_only = on")
    told = {line["found"] for line in findings(program) if line["level"] == "problem"}
    assert "default_transaction_read_only is on" in told


def test_doctor_tells_a_pooler_that_ignores_our_settings(postgres_url: str) -> None:
    engine = create_engine(postgres_url)  # what PostgreSQL sees through one
    with engine.connect() as connection:
        told = list(database_findings(connection, 8, None))
    engine.dispose()
    assert "a pooler that keeps our settings from it" in {each.found for each in told if each.level == "problem"}


def test_doctor_tells_what_the_database_lacks(idle: Program) -> None:
    with database_of(idle) as connection:
        connection.execute("alter table subscribers rename column zone to zonee")
        connection.execute("drop table last_ids")
    assert "the database lacks last_ids, subscribers.zone" in {line["found"] for line in findings(idle)}


def test_doctor_tells_a_damaged_file(idle: Program) -> None:
    assert not [line for line in findings(idle) if "is damaged" in line["found"]]
    with database_of(idle) as connection:
        connection.execute("pragma writable_schema = on")
        connection.execute(
            "update sqlite_schema set rootpage = (select rootpage from sqlite_schema where name = 'journal')"
            " where name = 'ix_journal_executed_at'"
        )
    [told] = [line for line in findings(idle) if "is damaged" in line["found"]]
    assert (told["level"], told["advice"]) == ("problem", "stop the workers, and restore a backup")


def test_doctor_tells_a_partition_that_somebody_has_removed(idle: Program) -> None:
    with database_of(idle) as connection:
        connection.executemany("insert into partitions (number) values (?)", [(n,) for n in range(8) if n != 2])
    assert "the database has no row of partition 2" in {line["found"] for line in findings(idle)}


def test_doctor_tells_the_last_partitions_that_somebody_has_removed(idle: Program, client: redis.Redis) -> None:
    """From the number in Redis a worker knows that they were there; so it is not another number that is wanted."""
    client.set(PARTITIONS, 8)
    with database_of(idle) as connection:
        connection.executemany("insert into partitions (number) values (?)", [(n,) for n in range(6)])
    assert "the database has no row of partition 6, 7" in {line["found"] for line in findings(idle)}
