"""What is compared: each starts a program, and hands it commands in its own way."""

from typing import Protocol

from benchmarks.programs import Program
from benchmarks.scenarios import Load
from benchmarks.servers import Servers


class Contender(Protocol):
    """A way to execute commands."""

    @property
    def name(self) -> str:
        """What tables call it."""

    @property
    def queued(self) -> bool:
        """Whether it can be stopped while commands are sent; if not, sending is a part of what is measured."""

    def start(self, servers: Servers, processes: int) -> Program:
        """Start it; it may need a moment until it works."""

    def send(self, servers: Servers, load: Load) -> None:
        """Hand it all commands."""
