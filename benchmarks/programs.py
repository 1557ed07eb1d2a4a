"""Programs that are measured: started, stopped while work is queued for them, set going, ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from adapters.lifeline import Lifeline
from benchmarks.servers import Servers, Stuck

ROOT = Path(__file__).parent.parent


class Program:
    """A Python program with all its children, in a session of its own. It ends with this process at the latest."""

    def __init__(self, servers: Servers, arguments: Sequence[str], settings: dict[str, str] | None = None) -> None:
        self.log = servers.folder / f"{arguments[1]}.log"
        self._lifeline = Lifeline()
        with self.log.open("ab") as log:
            self.process = self._lifeline.start(
                [sys.executable, *arguments],
                cwd=ROOT,
                # A killed worker leaves a folder of billiard's: it goes with the servers'.
                env={**servers.environment, "TMPDIR": str(servers.folder), "PYTHONPATH": str(ROOT), **(settings or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def pause(self) -> None:
        """Stop it with all its children, so that work can be queued before any is done."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def end(self) -> None:
        """At once: everything is measured, and orderly ends take seconds."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._lifeline.close()

    def explain(self, stuck: Stuck) -> Stuck:
        """The same, with the end of the program's log."""
        return Stuck(f"{stuck}; the log ends:\n{self.log.read_text(errors='replace')[-2000:]}")

    def resident(self) -> list[int]:
        """Kilobytes of memory of the program and of each of its children (VmRSS)."""
        return [_resident(pid) for pid in [self.process.pid, *children(self.process.pid)]]


def children(pid: int) -> list[int]:
    """Of the process's first thread, which is the one that forks."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
