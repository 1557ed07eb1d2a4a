"""A batch that fails is narrowed down to the command that is to blame."""

from dataclasses import dataclass

from adapters.failures import Clashed, Contended
from domain.outcomes import place_of

ROUNDS = 3
"""Tries of a batch that others were in the way of; then its commands are taken one at a time."""


@dataclass(slots=True)
class Suspect:
    """What speaks against the command with which a partition's last batch began, and how far all are taken alone."""

    batch_size: int
    event_id: str = ""  # none, once the batch was executed
    error: str = ""  # what failed with this command alone
    _last: str = ""  # of the commands taken with it
    _rounds: int = 0
    _singly_until: str = ""  # the last command that was taken with one that failed: up to it each is taken alone

    @property
    def undecided(self) -> bool:
        """Whether a batch has failed, and it is not known yet who is to blame."""
        return bool(self.event_id or self._singly_until)

    @property
    def at_most(self) -> int:
        """How many commands the next batch may have."""
        return 1 if self._singly_until else self.batch_size

    def begin(self, event_id: str, *, last: str) -> str:
        """A batch was taken, from this command up to `last`; the error with which the first failed alone before."""
        if event_id != self.event_id:  # somebody else may be done with the one before
            self.event_id, self.error, self._rounds = event_id, "", 0
        self._last = last
        return self.error

    def acquit(self) -> None:
        """The batch was executed."""
        if self._singly_until and place_of(self._last) >= place_of(self._singly_until):
            self._singly_until = ""
        self.event_id, self._rounds = "", 0

    def hindered(self, contended: Contended) -> int:
        """Others were in the way; how often in a row."""
        self._rounds += 1
        if (rounds := self._rounds) == ROUNDS:
            # One that clashes three times while it is alone is to blame itself.
            self.error = str(contended) if self.at_most == 1 and isinstance(contended, Clashed) else ""
            self._rounds, self._singly_until = 0, self._singly_until or self._last
        return rounds

    def failed(self, bug: Exception) -> None:
        """The batch raised an error that is nobody else's fault."""
        self.error = type(bug).__name__ if self.at_most == 1 else ""
        self._singly_until = self._singly_until or self._last
