"""Signs of life within a transaction, from one who computes for long between two statements."""

import time

from sqlalchemy import Connection, text

BEAT = 0.5
"""Seconds between two signs."""


class Heartbeat:
    """Keeps the session of a process that works.

    PostgreSQL ends those that say nothing for a while (`adapters.database.IDLE_TIMEOUT`), since their process may have
    been stopped. One that hangs gives no sign either: it has to call `beat`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._beaten = time.monotonic()

    def beat(self) -> None:
        """Once for each piece of the work. Raises Interrupted where the session is gone."""
        if time.monotonic() - self._beaten > BEAT:
            self._connection.execute(_NOTHING)
            self._beaten = time.monotonic()


_NOTHING = text("select 1")
