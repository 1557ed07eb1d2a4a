"""What `spcm doctor` finds of all the rest, and that it goes on where a server is away."""

from pathlib import Path

import pytest
import redis

from adapters.keys import DEAD_LETTERS, WORKER
from tests.cli.broken import NO_DATABASE
from tests.cli.doctor.found import findings
from tests.cli.program import Program
from tests.conftest import TEST_DATABASE_URL


@pytest.mark.parametrize("url", ["foo", NO_DATABASE])
def test_doctor_goes_on_where_the_database_cannot_be_used(redis_url: str, tmp_path: Path, url: str) -> None:
    program = Program(SPCM_REDIS_URL=redis_url, SPCM_DATABASE_URL=url, SPCM_DATA=str(tmp_path))
    ended = program.call("doctor", "--json")
    assert ended.status == 2
    assert ended.lines[-1]["subject"] == "database connection"
    assert "Redis eviction" in {line["subject"] for line in ended.lines}


def test_doctor_looks_into_the_database_where_there_is_no_redis(migrated: Program) -> None:
    ended = migrated.call("doctor", "--json")
    assert ended.status == 2
    assert {line["subject"] for line in ended.lines if line["level"] == "problem"} == {"Redis connection"}
    assert {"database connection", "migrations", "partitions", "users"} <= {line["subject"] for line in ended.lines}


def test_doctor_warns_of_settings_that_there_are_not(idle: Program) -> None:
    idle.environment["SPCM_PARTITION"] = "4"
    told = [line for line in findings(idle) if line["subject"] == "settings"]
    others = [line for line in told if TEST_DATABASE_URL not in line["found"]]  # which is none either
    assert [(line["level"], line["found"]) for line in others] == [("warning", "there is no setting SPCM_PARTITION")]


def test_doctor_tells_that_nobody_works_and_what_has_failed(idle: Program, client: redis.Redis) -> None:
    client.xadd(DEAD_LETTERS, {"command": "{}", "event": "{}", "error": "x", "tries": "1"})
    found = {line["subject"]: (line["level"], line["found"]) for line in findings(idle)}
    assert found["workers"] == ("warning", "there is none")
    assert found["dead letters"] == ("warning", "1: commands that SPCM failed to execute")


def test_doctor_warns_of_a_worker_that_says_nothing(
    idle: Program, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.overview.SILENT", 0)
    with redis.Redis.from_url(redis_url, client_name=f"{WORKER}vm:7") as worker:
        worker.ping()
        told = [(line["level"], line["found"]) for line in findings(idle) if line["subject"] == "workers"]
    assert told[0] == ("ok", "1 of them")
    assert told[1][0] == "warning"
    assert told[1][1].startswith("vm:7 (silent for ")


def test_doctor_finds_nothing_wrong_with_what_up_has_started(program: Program) -> None:
    ended = program.call("doctor", "--json")
    assert ended.status == 0
    assert {finding["level"] for finding in ended.lines} <= {"ok", "warning"}
    subjects = {finding["subject"] for finding in ended.lines}
    assert {"Redis persistence", "Redis eviction", "migrations", "partitions", "users", "outcomes"} <= subjects
    assert [finding["level"] for finding in ended.lines if finding["subject"] == "workers"] == ["ok"]
    assert "appendfsync always" in program.call("doctor").out


def test_doctor_that_cannot_reach_a_server_says_which(migrated: Program) -> None:
    migrated.environment["SPCM_REDIS_URL"] = "redis://127.0.0.1:1/0"
    ended = migrated.call("doctor", "--json")
    assert ended.status == 2
    assert [finding["subject"] for finding in ended.lines if finding["level"] == "problem"] == ["Redis connection"]
