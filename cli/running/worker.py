"""The Celery worker of `spcm up`."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import TextIO

from adapters.lifeline import Lifeline
from cli.problems import Problem, say
from workers.readiness import READY

STOP_WITHIN = 8.0
"""Seconds for what the worker is at; a batch that is cut off is executed again by the next one."""

# Celery looks into the current folder first; a `workers` or `celeryconfig.py` that is there is somebody else's.
_CELERY = "import celeryconfig, workers.app; from celery.__main__ import main; main()"

RESTART_AFTER = 1.0
"""Seconds after which a worker that has ended by itself is started again."""


class Worker:
    """One `celery worker` with a pool of processes. It ends with the process that started it."""

    def __init__(self, processes: int, environment: Mapping[str, str], log: TextIO) -> None:
        """`log` gets what the worker has to say."""
        self._log = log
        self._command = [sys.executable, "-P", "-c", _CELERY, "-q", "-A", "workers.app", "worker", "-P", "prefork"]
        self._command += ["-c", str(processes)]
        self._environment = dict(environment)
        self._lifeline = Lifeline()
        self._ready, self._process = self._start()
        self._start_again_at: float | None = None

    def wait_until_ready(self) -> None:
        """It executes commands now. Raises Problem where it ends instead."""
        while not select.select([self._ready], [], [], 0.1)[0]:
            if self._process.poll() is not None:
                raise _ended_at_once(self._process.returncode)
        if not os.read(self._ready, 16):
            raise _ended_at_once(self._process.wait())

    def look_after(self) -> None:
        """Start it again if it has ended, after a pause."""
        if self._start_again_at is None:
            if self._process.poll() is None:
                return
            say(f"the worker has ended with status {self._process.returncode}; it is started again")
            self._start_again_at = time.monotonic() + RESTART_AFTER
        elif time.monotonic() >= self._start_again_at:
            self._kill()
            self._ready, self._process = self._start()
            self._start_again_at = None

    def stop(self) -> None:
        """Let it end what it is at, and be gone, with all its processes."""
        if self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_WITHIN)
        self._kill()
        self._lifeline.close()

    def _start(self) -> tuple[int, "subprocess.Popen[bytes]"]:
        ready, told = os.pipe()
        try:
            process = self._lifeline.start(
                self._command,
                env={**self._environment, READY: str(told)},
                pass_fds=(told,),
                stdin=subprocess.DEVNULL,
                stdout=self._log.fileno(),
                stderr=self._log.fileno(),
            )
        finally:
            os.close(told)
        return ready, process

    def _kill(self) -> None:
        """What is left of its session: pool processes outlive a worker that was killed."""
        with suppress(ProcessLookupError, PermissionError):  # macOS says so of a session that is gone
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._ready)


def _ended_at_once(status: int) -> Problem:
    return Problem(f"the worker ended at once, with status {status}; its log says why")
