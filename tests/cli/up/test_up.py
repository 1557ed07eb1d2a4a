"""What `spcm up` starts, and how it ends."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import pytest
import redis

from adapters.lifeline import Lifeline
from adapters.valkey import valkey_binary
from tests.cli.program import WITHIN, Program
from tests.cli.up.started import Up
from tests.polling import line_of, wait_for
from tests.processes import descendants, gone


def test_it_tells_where_it_runs_in_one_line_and_ends_in_order(up: Up, data: Path) -> None:
    assert up.ready["ready"] is True
    assert up.ready["database"] == f"sqlite:///{data / 'spcm.sqlite'}"
    assert up.ready["partitions"] == 8
    with redis.Redis.from_url(up.ready["redis"]) as client:
        assert client.get("spcm:partitions") == b"8"
        assert [each["name"] for each in client.client_list() if each["name"].startswith("spcm-worker:")]
    started = descendants(up.process.pid)
    assert len(started) >= 3  # Valkey, the worker, its pool
    assert up.end() == (0, b"")
    assert all(gone(pid, within=5) for pid in started)
    assert not (data / "redis-url").exists()


def test_ended_in_order_it_leaves_one_file_of_the_database(up: Up, data: Path) -> None:
    with redis.Redis.from_url(up.ready["redis"]) as client:  # nobody's command, but its batch is a transaction
        client.xadd("spcm:commands:0", {"command": "{}"})
        wait_for(lambda: client.xlen("spcm:commands:0") == 0, within=WITHIN)
    assert (data / "spcm.sqlite-wal").exists()
    assert up.end() == (0, b"")
    assert sorted(each.name for each in data.glob("spcm.sqlite*")) == ["spcm.sqlite", "spcm.sqlite-drains"]
    assert (data / "spcm.sqlite-drains").is_dir()


def test_only_its_owner_can_read_what_it_keeps(servers: Up, data: Path) -> None:
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert stat.S_IMODE((data / "redis-url").stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "spcm.sqlite").stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_or_the_terminals_end_ends_it_in_order_too(data: Path, number: signal.Signals) -> None:
    up = Up(Program(), "--data", str(data), "--workers", "0")
    assert up.end(number) == (0, b"")


def test_under_nohup_it_outlives_the_terminal(data: Path) -> None:
    program = Program()
    program.words = ["nohup", *program.words]
    up = Up(program, "--data", str(data), "--workers", "0")
    up.process.send_signal(signal.SIGHUP)
    with redis.Redis.from_url(up.ready["redis"]) as client:
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
    assert up.process.stderr is not None
    told = line_of(up.process.stderr)
    assert b"Valkey has ended; it is started again" in told  # it looks after it
    assert up.end() == (0, b"")


def test_what_it_kept_is_there_again(data: Path) -> None:
    program = Program(SPCM_DATA=str(data))
    first = Up(program, "--workers", "0")
    with redis.Redis.from_url(first.ready["redis"]) as client:
        client.set("kept", 1)
    first.end()
    second = Up(program, "--workers", "0")
    with redis.Redis.from_url(second.ready["redis"]) as client:
        assert client.get("kept") == b"1"
    second.end()


def test_killed_it_leaves_nothing_behind(up: Up) -> None:
    started = descendants(up.process.pid)
    assert started
    up.process.kill()
    assert all(gone(pid, within=5) for pid in started)
    up.process.communicate()


def test_with_both_urls_it_starts_the_worker_alone(redis_url: str, postgres_url: str, data: Path) -> None:
    up = Up(Program(SPCM_REDIS_URL=redis_url, SPCM_DATABASE_URL=postgres_url, SPCM_DATA=str(data)), "--workers", "1")
    assert up.ready["redis"] == redis_url
    assert up.ready["database"].startswith("postgresql://")
    assert not data.exists()


def test_redis_can_be_reached_through_a_unix_socket(data: Path) -> None:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # its path is short enough for a socket
    lifeline, socket = Lifeline(), folder / "a redis"
    options = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--requirepass", "s:cret"]
    lifeline.start([str(valkey_binary()), *options], stdout=subprocess.DEVNULL)
    try:
        wait_for(socket.exists, within=WITHIN)
        program = Program(SPCM_REDIS_URL=f"unix://:s%3Acret@{quote(str(socket))}?db=2", SPCM_DATA=str(data))
        up = Up(program, "--workers", "1")
        measured = program.run("bench", "--commands", "5", "--singles", "1", "--json")
        assert measured.lines[0]["statuses"] == {"201": 6}
        up.process.terminate()
        _, log = up.process.communicate(timeout=20)
        assert b"mingle" not in log  # as kombu's own transport does, which would also take tasks from strangers
    finally:
        lifeline.close()
        shutil.rmtree(folder)


def test_code_of_others_in_the_current_folder_is_not_run(data: Path, tmp_path: Path) -> None:
    (tmp_path / "workers").mkdir()
    for name in ("celeryconfig.py", "workers/__init__.py", "json.py"):
        (tmp_path / name).write_text("raise SystemExit('code of others')")
    program = Program(SPCM_DATA=data.name, SPCM_DATABASE_URL="sqlite:///here.sqlite")
    program.folder = str(tmp_path)
    program.words = [str(Path(sys.executable).with_name("spcm"))]
    up = Up(program, "--workers", "1")
    assert (tmp_path / "here.sqlite").exists()
    assert up.end() == (0, b"")


def test_stopped_while_it_starts_it_leaves_nothing_behind(data: Path) -> None:
    process = Program().start("up", "--data", str(data))
    started = wait_for(lambda: descendants(process.pid), within=WITHIN)
    process.terminate()
    out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, b"")
    assert all(gone(pid, within=5) for pid in started)


def test_a_celery_worker_of_ones_own_finds_it_by_the_data_folder(data: Path) -> None:
    program = Program(SPCM_DATA=str(data))
    Up(program, "--workers", "0")
    own = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-c", "1"],
        env=program.environment,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: program.call("status", "--json").lines[0]["workers"], within=WITHIN)
    finally:
        own.terminate()
        own.wait(20)
