"""`spcm doctor`: what it finds."""

import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import create_engine, make_url

from adapters.keys import DEAD_LETTERS, PARTITIONS, WORKER, command_stream, outcome_stream
from adapters.ports import free_port
from adapters.valkey import Valkey, valkey_binary
from cli.doctor.database import database_findings
from tests.access import as_role, grant
from tests.cli.broken import NO_DATABASE, keys_of_another_type
from tests.cli.program import WITHIN, Program
from tests.conftest import TEST_DATABASE_URL
from tests.polling import wait_for
from tests.servers import execute


def findings(program: Program) -> list[dict[str, Any]]:
    return program.call("doctor", "--json").lines


@pytest.mark.parametrize("url", ["foo", NO_DATABASE])
def test_doctor_goes_on_where_the_database_cannot_be_used(redis_url: str, tmp_path: Path, url: str) -> None:
    program = Program(SPCM_REDIS_URL=redis_url, SPCM_DATABASE_URL=url, SPCM_DATA=str(tmp_path))
    ended = program.call("doctor", "--json")
    assert ended.status == 2
    assert ended.lines[-1]["subject"] == "database connection"
    assert "Redis eviction" in {line["subject"] for line in ended.lines}


def test_doctor_goes_on_where_redis_holds_no_number_of_partitions(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    with redis.Redis.from_url(redis_url) as client:
        client.set(PARTITIONS, "abc")
    found = {line["found"]: line["level"] for line in findings(migrated)}
    assert found["spcm:partitions holds no number"] == "problem"
    assert {"it answers", "noeviction", "there is none", "schema 0001"} <= set(found)


def test_doctor_goes_on_where_the_number_of_partitions_is_of_another_type(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    with redis.Redis.from_url(redis_url) as client:
        client.rpush(PARTITIONS, 8)
    found = {line["found"]: line["level"] for line in findings(migrated)}
    assert found["spcm:partitions is of type list, not string"] == "problem"
    assert {"it answers", "there is none", "schema 0001"} <= set(found)


def test_doctor_finds_commands_where_no_worker_looks(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    with redis.Redis.from_url(redis_url) as client:
        for partition in (7, 8):
            client.xadd(command_stream(partition), {"command": "{}"})
    found = {line["found"]: line["level"] for line in findings(migrated) if line["subject"] == "partitions"}
    assert {words: level for words, level in found.items() if "commands" in words} == {
        "commands in spcm:commands:8: 1": "problem"
    }


def test_doctor_believes_redis_where_workers_look(migrated: Program, redis_url: str) -> None:
    """Who runs it may have forgotten the number that the workers have."""
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    with redis.Redis.from_url(redis_url) as client:
        client.set(PARTITIONS, 32)
        seconds, _ = client.time()
        client.xadd(command_stream(20), {"command": "{}"}, id=f"{seconds - 60}000-0")
    told = [line["found"] for line in findings(migrated) if line["level"] == "problem"]
    assert [words for words in told if "command" in words] == [words for words in told if "partition 20 st" in words]
    assert "SPCM_PARTITIONS is 8, Redis has 32" in told


def test_doctor_goes_on_where_redis_hides_its_settings(migrated: Program, valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as admin:
        grant(admin, "acme")
        admin.set(PARTITIONS, 8)
    migrated.environment["SPCM_REDIS_URL"] = as_role(valkey.url, "worker")
    told = {line["found"]: line["level"] for line in findings(migrated)}
    assert [level for words, level in told.items() if "no permissions to run the 'info'" in words] == ["problem"]
    assert (told["8 in Redis"], told["nothing stands still"]) == ("ok", "ok")


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


def test_doctor_tells_what_takes_no_writes(
    migrated: Program, valkey: Valkey, redis_url: str, postgres_url: str
) -> None:
    migrated.environment["SPCM_REDIS_URL"] = valkey.url
    with redis.Redis.from_url(valkey.url) as client:
        client.replicaof("127.0.0.1", 1)
    assert ("problem", "a replica of 127.0.0.1") in {(line["level"], line["found"]) for line in findings(migrated)}
    migrated.environment |= {"SPCM_REDIS_URL": redis_url, "SPCM_DATABASE_URL": postgres_url}
    assert migrated.call("migrate").status == 0
    execute(postgres_url, f"alter database {make_url(postgres_url).database} set default_transaction_read_only = on")
    told = {line["found"] for line in findings(migrated) if line["level"] == "problem"}
    assert "default_transaction_read_only is on" in told


def test_doctor_tells_a_pooler_that_ignores_our_settings(postgres_url: str) -> None:
    engine = create_engine(postgres_url)  # what PostgreSQL sees through one
    with engine.connect() as connection:
        told = list(database_findings(connection, 8, None))
    engine.dispose()
    assert "a pooler that keeps our settings from it" in {each.found for each in told if each.level == "problem"}


def test_doctor_tells_a_node_of_a_cluster(migrated: Program, tmp_path: Path) -> None:
    port = free_port()
    # Else its second port is 10,000 above, where outgoing connections get theirs.
    cluster = ["--cluster-enabled", "yes", "--cluster-port", str(free_port())]
    words = [str(valkey_binary()), "--port", str(port), *cluster, "--bind", "127.0.0.1"]
    node = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        migrated.environment["SPCM_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        wait_for(lambda: "a node of a cluster" in {line["found"] for line in findings(migrated)}, within=WITHIN)
    finally:
        node.kill()
        node.wait()


def test_doctor_warns_of_settings_that_there_are_not(migrated: Program, redis_url: str) -> None:
    migrated.environment |= {"SPCM_REDIS_URL": redis_url, "SPCM_PARTITION": "4"}
    told = [line for line in findings(migrated) if line["subject"] == "settings"]
    others = [line for line in told if TEST_DATABASE_URL not in line["found"]]  # which is none either
    assert [(line["level"], line["found"]) for line in others] == [("warning", "there is no setting SPCM_PARTITION")]


def test_doctor_takes_a_bulk_for_no_usual_outcome(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    with redis.Redis.from_url(redis_url) as client:
        for size in (700, 700, 100_000):
            client.xadd(outcome_stream("acme"), {"event": "x" * size})
    assert any("at 700 bytes each" in line["found"] for line in findings(migrated))


def test_doctor_reckons_with_the_streams_that_hold_something(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    with redis.Redis.from_url(redis_url) as client:
        seconds, _ = client.time()
        for number in range(40):
            client.xadd(outcome_stream(f"gone{number}"), {"event": "{}"}, id=f"{seconds - 7200}000-0")
            client.xtrim(outcome_stream(f"gone{number}"), maxlen=0, approximate=False)
        client.xadd(outcome_stream("acme"), {"event": "x" * 700}, id=f"{seconds - 7200}000-0")
    [told] = [line["found"] for line in findings(migrated) if line["subject"] == "outcomes"]
    assert "at 700 bytes each" in told
    assert "at the present rate" in told


def test_doctor_reckons_with_commands_and_not_with_bulks(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    bulk = {"operation": "bulk.execute", "data": {"items": [{"index": number} for number in range(500)]}}
    event = json.dumps(bulk).ljust(200_000)
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(outcome_stream("acme"), {"event": event})
    assert any("at 400 bytes each" in line["found"] for line in findings(migrated))


def test_a_key_of_another_type_is_named_and_hides_nothing_else(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    expected = keys_of_another_type(redis_url)
    told = {line["found"] for line in findings(migrated) if line["subject"] == "keys"}
    assert told == {f"{key} is of type string, not {kind}" for key, kind in expected.items()}


def test_doctor_tells_what_the_database_lacks(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    database = Path(migrated.environment["SPCM_DATA"]) / "spcm.sqlite"
    with sqlite3.connect(database) as connection:
        connection.execute("alter table subscribers rename column zone to zonee")
        connection.execute("drop table last_ids")
    connection.close()
    assert "the database lacks last_ids, subscribers.zone" in {line["found"] for line in findings(migrated)}


def test_doctor_tells_a_damaged_file(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    database = Path(migrated.environment["SPCM_DATA"]) / "spcm.sqlite"
    assert not [line for line in findings(migrated) if "is damaged" in line["found"]]
    with sqlite3.connect(database) as connection:
        connection.execute("pragma writable_schema = on")
        connection.execute(
            "update sqlite_schema set rootpage = (select rootpage from sqlite_schema where name = 'journal')"
            " where name = 'ix_journal_executed_at'"
        )
    connection.close()
    [told] = [line for line in findings(migrated) if "is damaged" in line["found"]]
    assert (told["level"], told["advice"]) == ("problem", "stop the workers, and restore a backup")


def test_doctor_tells_a_partition_that_somebody_has_removed(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    database = Path(migrated.environment["SPCM_DATA"]) / "spcm.sqlite"
    with sqlite3.connect(database) as connection:
        connection.executemany("insert into partitions (number) values (?)", [(n,) for n in range(8) if n != 2])
    connection.close()
    assert "the database has no row of partition 2" in {line["found"] for line in findings(migrated)}


def test_doctor_tells_the_last_partitions_that_somebody_has_removed(migrated: Program, redis_url: str) -> None:
    """From the number in Redis a worker knows that they were there; so it is not another number that is wanted."""
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    with redis.Redis.from_url(redis_url) as client:
        client.set(PARTITIONS, 8)
    with sqlite3.connect(Path(migrated.environment["SPCM_DATA"]) / "spcm.sqlite") as connection:
        connection.executemany("insert into partitions (number) values (?)", [(n,) for n in range(6)])
    connection.close()
    assert "the database has no row of partition 6, 7" in {line["found"] for line in findings(migrated)}


def test_doctor_finds_what_stands_still(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    with redis.Redis.from_url(redis_url) as client:
        seconds, _ = client.time()
        client.xadd(command_stream(3), {"command": "{}"}, id=f"{seconds - 60}000-0")
    [told] = [line for line in findings(migrated) if line["subject"] == "commands"]
    assert (told["level"], told["found"][:20]) == ("problem", "partition 3 stands s")
    assert told["advice"] == "no worker is there: start one"


def test_doctor_tells_all_that_stands_still_in_one_line(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    with redis.Redis.from_url(redis_url) as client:
        seconds, _ = client.time()
        for partition in (3, 5):
            client.xadd(command_stream(partition), {"command": "{}"}, id=f"{seconds - 60}000-0")
    [told] = [line for line in findings(migrated) if line["subject"] == "commands"]
    assert told["found"].startswith("partitions 3, 5 stand still: the first command has waited 6")


def test_doctor_tells_a_redis_that_has_just_been_started(migrated: Program, valkey: Valkey) -> None:
    migrated.environment["SPCM_REDIS_URL"] = valkey.url
    assert [line["level"] for line in findings(migrated) if "it was started" in line["found"]] == ["warning"]


def test_doctor_tells_that_nobody_works_and_what_has_failed(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(DEAD_LETTERS, {"command": "{}", "event": "{}", "error": "x", "tries": "1"})
    found = {line["subject"]: (line["level"], line["found"]) for line in findings(migrated)}
    assert found["workers"] == ("warning", "there is none")
    assert found["dead letters"] == ("warning", "1: commands that SPCM failed to execute")


def test_doctor_warns_of_a_worker_that_says_nothing(
    migrated: Program, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.overview.SILENT", 0)
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    with redis.Redis.from_url(redis_url, client_name=f"{WORKER}vm:7") as worker:
        worker.ping()
        told = [(line["level"], line["found"]) for line in findings(migrated) if line["subject"] == "workers"]
    assert told[0] == ("ok", "1 of them")
    assert told[1][0] == "warning"
    assert told[1][1].startswith("vm:7 (silent for ")


def test_a_doctor_finds_nothing_wrong_with_what_up_has_started(program: Program) -> None:
    ended = program.call("doctor", "--json")
    assert ended.status == 0
    assert {finding["level"] for finding in ended.lines} <= {"ok", "warning"}
    subjects = {finding["subject"] for finding in ended.lines}
    assert {"Redis persistence", "Redis eviction", "migrations", "partitions", "users", "outcomes"} <= subjects
    assert [finding["level"] for finding in ended.lines if finding["subject"] == "workers"] == ["ok"]
    assert "appendfsync always" in program.call("doctor").out


def test_a_doctor_tells_a_redis_that_forgets(program: Program) -> None:
    with redis.Redis.from_url(program.redis_url) as client:
        client.config_set("appendfsync", "everysec")
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", "1gb")
        try:
            ended = program.call("doctor", "--json")
        finally:
            client.config_set("appendfsync", "always")
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "0")
    assert ended.status == 1
    problems = [finding for finding in ended.lines if finding["level"] == "problem"]
    assert [finding["found"] for finding in problems] == ["appendfsync everysec", "allkeys-lru"]
    assert all(finding["advice"] for finding in problems)


def test_a_doctor_that_cannot_reach_a_server_says_which(program: Program) -> None:
    other = Program(**{**program.environment, "SPCM_REDIS_URL": "redis://127.0.0.1:1/0"})
    ended = other.call("doctor", "--json")
    assert ended.status == 2
    assert [finding["subject"] for finding in ended.lines if finding["level"] == "problem"] == ["Redis connection"]
