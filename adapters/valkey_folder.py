"""What the embedded Valkey keeps beside its data: who uses the folder, its password, its port, its log."""

import fcntl
import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from adapters.ports import free_port, is_free

CLAIM_WITHIN = 2.0  # seconds; the server of an owner that was killed needs up to half a second to go

_LOG_PREFIX = re.compile(r"^\d+:\w \d+ \w+ \d+ [\d:.]+ ([.*#-]) ")


class ValkeyFailed(Exception):
    """Raised when the embedded Valkey does not start. Its text is one line for people."""


class ValkeyFolder:
    """The folder of one Valkey. Whatever the disk refuses is an OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.log = self.path / "valkey.log"
        self._port = self.path / "valkey.port"

    def make(self) -> None:
        """The folder is there, and only its owner can look into it."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)

    def claim(self) -> int:
        """A descriptor whose lock says that the folder is in use. The server inherits it, and frees it by ending.

        Raises ValkeyFailed where another process has it.
        """
        claim = os.open(self.path / "valkey.owner", os.O_CREAT | os.O_RDWR, 0o600)
        deadline = time.monotonic() + CLAIM_WITHIN
        while True:
            try:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    owner = os.pread(claim, 20, 0).decode() or "unknown"
                    os.close(claim)
                    raise ValkeyFailed(
                        f"{self.path} is in use: SPCM runs there already (process {owner}); end that one, or name"
                        " another folder with --data"
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

    def password(self) -> str:
        """The password, made at the first start. Raises ValkeyFailed where it cannot be read."""
        path = self.path / "valkey.password"
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

    def usual_port(self) -> int:
        """That of the last start, which publishers know; another where there was none, or it is taken."""
        with suppress(OSError, ValueError, OverflowError):
            port = int(self._port.read_text())
            if is_free(port):
                return port
        return free_port()

    def remember_port(self, port: int) -> None:
        """For the next start, which has another one where the disk is full now."""
        with suppress(OSError):
            self._port.write_text(str(port))

    def new_log(self) -> BinaryIO:
        """An empty log; the one before stays beside it."""
        if self.log.exists():
            self.log.replace(self.path / "valkey.log.1")
        return os.fdopen(os.open(self.log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "wb")

    def last_words(self) -> str:
        """The last two lines of the log, as one: for a taken port the first of them has the cause."""
        return " ".join(_LOG_PREFIX.sub("", line) for line in self._last_lines()) or f"it wrote nothing to {self.log}"

    def last_warnings(self) -> str:
        """Those of the last two lines that are warnings."""
        found = [(_LOG_PREFIX.match(line), line) for line in self._last_lines()]
        return " ".join(line[match.end() :] for match, line in found if match and match[1] == "#")

    def _last_lines(self) -> list[str]:
        try:
            text = self.log.read_text(errors="replace")
        except OSError:  # somebody has removed it
            return []
        return [line for line in text.splitlines() if line.strip()][-2:]
