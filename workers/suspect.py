"""A batch that fails is narrowed down to the command that is to blame."""

from dataclasses import dataclass

from adapters.failures import Clashed, Contended

ROUNDS = 3
"""Tries of a batch that others were in the way of; then its commands are taken one at a time."""


@dataclass(slots=True)
class Suspect:
    """The command with which a partition's last batch began, and what speaks against it."""

    batch_size: int
    event_id: str = ""  # none, once the batch was executed
    error: str = ""  # what failed with this command alone
    _rounds: int = 0
    _singly: int = 0  # so many commands are still to be taken one at a time: one of them failed its batch

    @property
    def at_most(self) -> int:
        """How many commands the next batch may have."""
        return 1 if self._singly else self.batch_size

    def look_at(self, event_id: str) -> str:
        """A batch begins with this command: what failed with it alone, the last time."""
        if event_id != self.event_id:  # somebody else may be done with the one before
            self.event_id, self.error, self._rounds = event_id, "", 0
        return self.error

    def acquit(self) -> None:
        """The batch was executed."""
        self.event_id, self._rounds, self._singly = "", 0, max(0, self._singly - 1)

    def hindered(self, contended: Contended) -> int:
        """Others were in the way; how often in a row."""
        self._rounds += 1
        if (rounds := self._rounds) == ROUNDS:
            # Alone and with nobody in its way it would clash for ever.
            self.error = str(contended) if self.at_most == 1 and isinstance(contended, Clashed) else ""
            self._rounds, self._singly = 0, self.batch_size
        return rounds

    def failed(self, bug: Exception) -> None:
        """The batch raised an error that is nobody else's fault."""
        self.error = type(bug).__name__ if self.at_most == 1 else ""
        self._singly = self._singly or self.batch_size
