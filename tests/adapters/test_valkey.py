import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.ports import PORTS
from adapters.valkey import Valkey
from adapters.valkey_folder import ValkeyFailed
from tests.polling import line_of
from tests.processes import gone

ROOT = Path(__file__).parents[2]
OWNER = """
import os, sys, time
from pathlib import Path
from adapters.valkey import Valkey
valkey = Valkey.start(Path(sys.argv[1]))
if os.fork() == 0:
    time.sleep(30)
    os._exit(0)
print(valkey.pid, valkey.port, flush=True)
time.sleep(60)
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "a folder"


@pytest.fixture
def running(directory: Path) -> Iterator[Valkey]:
    valkey = Valkey.start(directory)
    yield valkey
    valkey.stop()


@pytest.fixture
def start_owner(directory: Path) -> Iterator[Callable[[], tuple[subprocess.Popen[bytes], int]]]:
    """Start a process that starts a Valkey and then forks a child that outlives it."""
    owners = []

    def start() -> tuple[subprocess.Popen[bytes], int]:
        command = [sys.executable, "-c", OWNER, str(directory)]
        owner = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0, cwd=ROOT, start_new_session=True)
        owners.append(owner)
        assert owner.stdout is not None
        return owner, int(line_of(owner.stdout).split()[0])

    yield start
    for owner in owners:
        os.killpg(owner.pid, signal.SIGKILL)
        owner.communicate()


def test_it_answers_on_its_url_and_ends_when_stopped(directory: Path) -> None:
    valkey = Valkey.start(directory)
    with redis.Redis.from_url(valkey.url) as client:
        assert client.ping()
    assert valkey.alive()
    assert valkey.port in PORTS
    valkey.stop()
    valkey.stop()
    assert not valkey.alive()
    assert valkey.process.returncode == 0


def test_it_keeps_every_write_and_refuses_when_full(running: Valkey) -> None:
    with redis.Redis.from_url(running.url, decode_responses=True) as client:
        settings = client.config_get("appendonly", "appendfsync", "save", "maxmemory-policy", "bind")
    expected = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction", "bind": "127.0.0.1"}
    assert settings == expected | {"save": ""}


def test_data_survive_kill_9_and_a_restart_on_the_same_port(running: Valkey, directory: Path) -> None:
    with redis.Redis.from_url(running.url) as client:
        client.set("kept", "yes")
        running.kill()
        assert not running.alive()
        again = Valkey.start(directory, port=running.port)
        try:
            assert again.url == running.url
            assert client.get("kept") == b"yes"
        finally:
            again.stop()


def test_without_a_port_it_takes_that_of_the_last_time_unless_that_is_taken(directory: Path) -> None:
    first = Valkey.start(directory)
    first.stop()
    again = Valkey.start(directory)
    again.stop()
    assert again.port == first.port
    with socket.create_server(("127.0.0.1", first.port)):
        other = Valkey.start(directory)
        other.stop()
    assert other.port != first.port


def test_a_start_on_a_full_disk_does_not_keep_the_folder(directory: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(ValkeyFailed, match="cannot use"):
            Valkey.start(directory)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    Valkey.start(directory).stop()


def test_only_its_user_can_read_the_folder_and_the_password(running: Valkey, directory: Path) -> None:
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "valkey.password").stat().st_mode) == 0o600


def test_a_client_without_the_password_is_refused(running: Valkey) -> None:
    with (
        redis.Redis(port=running.port, retry=Retry(NoBackoff(), 0)) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
def test_the_password_is_in_no_command_line_and_no_environment(running: Valkey, directory: Path) -> None:
    password = (directory / "valkey.password").read_bytes()
    assert len(password) > 30
    for process in Path("/proc").glob("[0-9]*"):
        for shown in ("cmdline", "environ"):
            try:
                assert password not in (process / shown).read_bytes()
            except OSError:
                continue  # it ended meanwhile, or is not ours


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        with pytest.raises(ValkeyFailed) as failure:
            Valkey.start(tmp_path, port=port)
    assert f"Valkey did not start on port {port}" in str(failure.value)
    assert "Address already in use" in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_port_that_cannot_be_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValkeyFailed, match=r"Valkey did not start on port 70000: .*65535") as failure:
        Valkey.start(tmp_path, port=70000)
    assert "\n" not in str(failure.value)


def test_a_folder_that_cannot_be_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValkeyFailed, match=r"Valkey cannot use .*/file/below: Not a directory"):
        Valkey.start(tmp_path / "file" / "below")


def test_a_second_owner_is_refused_and_told_who_is_the_first(running: Valkey, directory: Path) -> None:
    with pytest.raises(ValkeyFailed, match=rf"SPCM runs there already \(process {os.getpid()}\)"):
        Valkey.start(directory)
    assert running.alive()


def test_it_is_gone_soon_after_its_owner_is_killed(
    start_owner: Callable[[], tuple[subprocess.Popen[bytes], int]],
) -> None:
    owner, server = start_owner()
    owner.kill()
    assert gone(server, within=5)


def test_a_stopped_one_is_gone_soon_too(
    start_owner: Callable[[], tuple[subprocess.Popen[bytes], int]],
) -> None:
    owner, server = start_owner()
    os.kill(server, signal.SIGSTOP)
    owner.kill()
    assert gone(server, within=5)


def test_the_next_owner_can_start_at_once(
    start_owner: Callable[[], tuple[subprocess.Popen[bytes], int]], directory: Path
) -> None:
    owner, _ = start_owner()
    owner.kill()
    Valkey.start(directory).stop()


def test_ctrl_c_in_the_terminal_does_not_reach_it(running: Valkey) -> None:
    assert os.getsid(running.pid) == running.pid
    assert os.getpgid(running.pid) == running.pid


def test_it_lives_on_when_the_thread_that_started_it_ends(directory: Path) -> None:
    started: list[Valkey] = []
    thread = threading.Thread(target=lambda: started.append(Valkey.start(directory)))
    thread.start()
    thread.join()
    [valkey] = started
    try:
        assert not gone(valkey.pid, within=0.3)
    finally:
        valkey.stop()


def test_why_it_has_ended_is_what_it_complained_of_last(valkey: Valkey) -> None:
    assert valkey.complaint == ""
    with (valkey.directory / "valkey.log").open("a") as log:
        log.write("7:M 22 Nov 2026 23:35:54.505 # Short write while writing to the AOF file\n")
        log.write("7:M 22 Nov 2026 23:35:54.506 # Can't recover. Exiting...\n")
    assert valkey.complaint == "Short write while writing to the AOF file Can't recover. Exiting..."
    (valkey.directory / "valkey.log").unlink()
    assert valkey.complaint == ""
