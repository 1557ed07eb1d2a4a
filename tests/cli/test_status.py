"""`spcm status`: what waits, and who works."""

import json
import os
import re
import signal
from pathlib import Path

import pytest
import redis

from adapters.keys import WORKER, command_stream
from adapters.valkey import Valkey
from cli.overview import workers
from tests.cli.broken import NO_DATABASE, keys_of_another_type
from tests.cli.commands import create, submit
from tests.cli.program import WITHIN, Program, next_line
from tests.polling import line_of, wait_for


def test_status_without_a_database_shows_what_waits(redis_url: str, tmp_path: Path) -> None:
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(command_stream(3), {"command": "{}"})
    program = Program(SPCM_REDIS_URL=redis_url, SPCM_DATABASE_URL=NO_DATABASE, SPCM_DATA=str(tmp_path))
    told = program.call("status", "--json")
    assert told.status == 2
    assert told.lines[0]["partitions"][3]["backlog"] == 1
    assert "the database cannot be used" in told.lines[0]["database_trouble"]
    shown = program.call("status").out.splitlines()
    assert sum("the database cannot be used" in line for line in shown) == 1


def test_status_waits_for_a_redis_that_is_started_again(migrated: Program, valkey: Valkey) -> None:
    migrated.environment["SPCM_REDIS_URL"] = valkey.url
    with migrated.running("status", "--watch", "--json") as watching:
        assert next_line(watching)
        valkey.kill()
        assert watching.stderr is not None
        assert line_of(watching.stderr) == b"spcm: the connection to Redis was lost; waiting for it\n"
        restarted = Valkey.start(valkey.directory, port=valkey.port)
        with redis.Redis.from_url(restarted.url) as client:
            client.xadd(command_stream(3), {"command": "{}"})
            wait_for(lambda: json.loads(next_line(watching))["partitions"][3]["backlog"] == 1, within=WITHIN)
            client.config_set("requirepass", "another")
            client.client_kill_filter(_type="normal", skipme=True)
        assert watching.wait(20) == 2
        assert b"Redis refused" in watching.stderr.read()
    restarted.stop()


def test_a_key_of_another_type_hides_no_other_partition(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    keys_of_another_type(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(command_stream(4), {"command": "{}"})
    (shown,) = migrated.call("status", "--json").lines
    assert [each["backlog"] for each in shown["partitions"]] == [0, 0, 0, None, 1, 0, 0, 0]
    assert "no stream" in migrated.call("status").out


def test_a_worker_that_says_nothing_is_told(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.overview.SILENT", 2)
    with redis.Redis.from_url(redis_url, client_name=f"{WORKER}vm:7") as worker:
        worker.ping()
        with redis.Redis.from_url(redis_url) as client:
            assert list(map(str, workers(client) or [])) == ["vm:7"]
            wait_for(lambda: all(each.silent for each in workers(client) or []), within=WITHIN)
            (told,) = workers(client) or []
            assert re.fullmatch(r"vm:7 \(silent for [0-9]+ s\)", str(told))


def test_status_tells_what_waits_and_who_works(program: Program) -> None:
    submit(program, create("1017"))
    (told,) = program.call("status", "--json").lines
    assert [each["number"] for each in told["partitions"]] == list(range(8))
    assert sum(each["backlog"] for each in told["partitions"]) == 0
    assert told["outcomes"]["acme"] > 0
    assert told["dead_letters"] == 0
    assert len(told["workers"]) == 1
    assert "workers: " in program.call("status").out


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_status_goes_on_looking_until_ctrl_c(program: Program, form: list[str]) -> None:
    with program.running("status", "--watch", *form) as watching:
        looks = 0
        while looks < 2:
            looks += b"workers" in next_line(watching)
        os.kill(watching.pid, signal.SIGINT)
        assert watching.wait(10) == 130
