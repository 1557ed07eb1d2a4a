"""A running `spcm up`."""

import json
import signal
from typing import Any, ClassVar

from tests.cli.program import Program, next_line


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
