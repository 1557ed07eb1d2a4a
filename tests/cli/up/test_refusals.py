"""What keeps `spcm up` or a worker from starting, and how that is told."""

import sys
from pathlib import Path

from tests.cli.program import Program
from tests.cli.up.started import Up


def test_a_data_folder_that_is_a_file_is_told(data: Path) -> None:
    data.touch()
    assert Program().run("up", "--data", str(data)).is_refused("is a file", "SPCM_DATA")


def test_a_worker_refuses_a_redis_url_as_spcm_does(data: Path) -> None:
    program = Program(SPCM_REDIS_URL="redis://127.0.0.1:1/0?foo=1", SPCM_DATA=str(data))
    program.words = [sys.executable, "-m", "celery", "-A", "workers.app", "worker"]
    ended = program.run()
    assert ended.status != 0
    assert "SPCM_REDIS_URL: redis:// takes db, but not foo" in ended.err.splitlines()[-1]


def test_a_second_one_in_the_same_folder_is_refused(servers: Up, data: Path) -> None:
    already = f"SPCM runs there already (process {servers.process.pid}); end that one, or name another folder"
    assert Program().run("up", "--data", str(data)).is_refused(str(data), already)


def test_a_port_for_a_server_that_is_not_started_is_refused(redis_url: str, tmp_path: Path) -> None:
    program = Program(SPCM_REDIS_URL=redis_url, SPCM_DATA=str(tmp_path))
    assert program.call("up", "--redis-port", "7000").is_refused("--redis-port", "unset SPCM_REDIS_URL")


def test_another_number_of_partitions_is_refused(servers: Up, data: Path) -> None:
    servers.end()
    assert Program(SPCM_PARTITIONS="4").run("up", "--data", str(data)).is_refused("SPCM_PARTITIONS is 4", "8")


def test_a_worker_that_cannot_start_is_told(data: Path, tmp_path: Path) -> None:
    (tmp_path / "celery.py").write_text("raise SystemExit('no celery here')")
    program = Program()
    program.environment["PYTHONPATH"] = f"{tmp_path}:{program.environment['PYTHONPATH']}"
    ended = program.run("up", "--data", str(data))
    assert ended.status == 2
    assert ended.err.splitlines() == [
        "no celery here",
        "spcm: the worker ended at once, with status 1; its log says why",
    ]
    assert ended.out == ""


def test_a_redis_that_cannot_be_reached_is_told(data: Path) -> None:
    program = Program(SPCM_REDIS_URL="redis://127.0.0.1:1/0")
    assert program.run("up", "--data", str(data)).is_refused("Redis cannot be used")
