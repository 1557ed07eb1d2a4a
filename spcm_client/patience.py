"""How long to wait for outcomes."""

import time


class Patience:
    """How long a reader goes on without an outcome: `idle` seconds, or for ever."""

    def __init__(self, idle: float | None, longest_block: float) -> None:
        self._idle = idle
        self._longest_block = longest_block
        self.renew()

    def renew(self) -> None:
        """Begin to count anew, with one read at least."""
        self._since = time.monotonic()
        self._has_read = False

    def block(self) -> int | None:
        """Milliseconds for which the next read may block; None where there should be none."""
        if self._idle is None:
            return int(self._longest_block * 1000)
        left = self._since + self._idle - time.monotonic()
        if left <= 0 and self._has_read:
            return None
        self._has_read = True
        # Redis takes 0 for "for ever".
        return max(1, int(min(left, self._longest_block) * 1000))
