"""How much of a stream to ask for at once."""

from collections.abc import Sequence

_LARGEST_ANSWER = 8 * 1024 * 1024  # bytes; while it is on its way, Redis has it in memory a second time


class Portion:
    """How many entries to ask for at once: `most`, or fewer where those before were large."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.count = 1

    def had(self, sizes: Sequence[int]) -> None:
        """The last answer held entries of so many bytes. The next may hold twice as many, if they are not too large."""
        if sizes:
            mean = sum(sizes) // len(sizes) + 1
            self.count = max(1, min(2 * self.count, self._most, _LARGEST_ANSWER // mean))
