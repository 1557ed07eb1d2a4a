import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
import redis

from adapters.lifeline import Lifeline
from adapters.valkey import valkey_binary
from tests.cli.program import WITHIN, Program, next_line
from tests.polling import line_of, wait_for
from tests.processes import descendants, gone


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


class Up:
    """A running `spcm up`, until its test ends."""

    started: ClassVar[list["Up"]] = []

    def __init__(self, program: Program, *arguments: str) -> None:
        self.process = program.start("up", *arguments)
        self.started.append(self)
        line = next_line(self.process)
        assert line, self.process.communicate()
        self.ready: dict[str, Any] = json.loads(line)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, bytes]:
        """Its status, and what it wrote on stdout after the line."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=20)
        return self.process.returncode, out

    def leave(self) -> None:
        """End it as quickly as can be."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate(timeout=20)


@pytest.fixture(autouse=True)
def _none_outlives_its_test() -> Iterator[None]:
    yield
    while Up.started:
        Up.started.pop().leave()


@pytest.fixture
def up(data: Path) -> Up:
    return Up(Program(), "--data", str(data), "--workers", "1")


@pytest.fixture
def servers(data: Path) -> Up:
    """One without workers."""
    return Up(Program(), "--data", str(data), "--workers", "0")


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


def test_a_worker_that_dies_is_started_again(up: Up) -> None:
    with redis.Redis.from_url(up.ready["redis"]) as client:

        def workers() -> set[int]:
            names = {each["name"] for each in client.client_list()}
            return {int(name.rpartition(":")[2]) for name in names if name.startswith("spcm-worker:")}

        (first,) = wait_for(workers, within=WITHIN)
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: workers() - {first}, within=WITHIN)


def test_valkey_that_dies_is_started_again_where_it_was(servers: Up) -> None:
    with redis.Redis.from_url(servers.ready["redis"]) as client:
        os.kill(client.info("server")["process_id"], signal.SIGKILL)

        def answers() -> bool:
            try:
                return bool(client.get("spcm:partitions") == b"8")
            except redis.RedisError:
                return False

        wait_for(answers, within=WITHIN)
    assert servers.end()[0] == 0


def test_valkey_that_cannot_be_started_is_tried_again_until_it_can(servers: Up, data: Path) -> None:
    written, secret = servers.process.stderr, data / "valkey" / "valkey.password"
    assert written is not None
    password = secret.read_bytes()
    with redis.Redis.from_url(servers.ready["redis"]) as client:

        def kill() -> None:
            os.kill(client.info("server")["process_id"], signal.SIGKILL)

        def answers() -> bool:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

        for mended in (True, False):
            secret.write_bytes(b"\xff")
            kill()
            # What comes first depends on whether it has seen its Valkey live again.
            wait_for(
                lambda: line_of(written).endswith(
                    b"holds no password: remove it, and a new one is made; it is tried again\n"
                ),
                within=WITHIN,
            )
            if mended:
                secret.write_bytes(password)
                wait_for(answers, within=WITHIN)
    servers.process.terminate()
    assert servers.process.communicate(timeout=20) == (b"", b"")
    assert servers.process.returncode == 0


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
