"""A real worker: `celery worker` with its pool, in a process group of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from adapters.lifeline import Lifeline
from tests.processes import children_of, is_stopped

ROOT = Path(__file__).parents[2]
READY_WITHIN = 40.0  # seconds, on a machine that does much else


class Worker:
    """One worker's processes. It ends with the process that made it."""

    def __init__(self, environment: Mapping[str, str], log: Path, *, concurrency: int = 2) -> None:
        self.log = log
        self._concurrency = concurrency
        self._asked_to_end = False
        self._lifeline = Lifeline()
        self._offset = log.stat().st_size if log.exists() else 0
        command = [sys.executable, "-m", "celery", "-A", "tests.faults.worker_app", "worker", "-c", str(concurrency)]
        with log.open("ab") as output:
            self.process = self._lifeline.start(
                command,
                cwd=ROOT,
                env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def pool(self) -> list[int]:
        """The pool processes, oldest first."""
        return sorted(children_of(self.pid))

    def stopped(self) -> list[int]:
        """Pool processes that a signal has stopped."""
        return [pid for pid in self.pool if is_stopped(pid)]

    def complete(self) -> bool:
        """Whether each pool process that has ended was replaced."""
        return len(self.pool) == self._concurrency

    def alive(self) -> bool:
        return self.process.poll() is None

    def deserted(self) -> bool:
        """Whether it has ended, and nobody asked it to."""
        return not self.alive() and not self._asked_to_end

    def wait_until_ready(self) -> "Worker":
        deadline = time.monotonic() + READY_WITHIN
        while not self.ready():
            assert self.alive(), f"the worker ended:\n{self.said().decode(errors='replace')[-4000:]}"
            assert time.monotonic() < deadline, f"the worker is not ready:\n{self.said().decode()[-4000:]}"
            time.sleep(0.02)
        return self

    def ready(self) -> bool:
        """Only where no other worker writes to the log meanwhile."""
        return b" ready." in self.said()

    def said(self) -> bytes:
        """What this worker has logged."""
        return self.log.read_bytes()[self._offset :]

    def kill(self) -> None:
        """SIGKILL to all its processes at once."""
        self._asked_to_end = True
        self._signal_group(signal.SIGKILL)
        self.process.wait(10)
        self._lifeline.close()

    def terminate(self, *, group: bool = False) -> None:
        """SIGTERM, as a rolling restart sends it; with `group` to the pool's processes too, as some systems do."""
        self._asked_to_end = True
        if group:
            self._signal_group(signal.SIGTERM)
        else:
            self.process.terminate()

    def wait(self, seconds: float) -> int:
        """Its exit status. One that goes on for longer logs where its threads stand, and is killed."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGUSR1)  # Celery's own: it logs the stacks of all threads
            time.sleep(1)
            self.kill()
            raise AssertionError(f"worker {self.pid} did not end within {seconds:g} s") from None
        self._lifeline.close()
        return status

    def _signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return


def private_bytes(pid: int) -> int:
    """What a process has in memory for itself alone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))
