"""Kombu's Redis transport, for a queue to which strangers may have written.

A stock worker stops, or loops for ever, on a malformed message, and does what a hostile one's headers say. This one
takes from a message only which task it asks for and of which partition, and drops what asks for anything else.
"""

from queue import Empty
from typing import Any

import structlog
from celery.app.amqp import AMQP
from kombu import Connection
from kombu.transport import redis

from workers.queue import asked_for, message_for

log = structlog.get_logger()


class Channel(redis.Channel):
    """A channel that lives on when what it read is not JSON, and does not look back when it is closed."""

    do_restore = False  # kombu puts back what was not acknowledged, and writes a file in /tmp where it cannot

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]  # not among kombu's published types
        except (ValueError, RecursionError):
            log.warning("dropped-message", reason="not JSON")
            raise Empty from None


class Transport(redis.Transport):
    """Delivers bells, and nothing else."""

    driver_type = "spcm"  # not redis: gossip and mingle would talk to other workers, and have nothing to say

    Channel = Channel

    def _deliver(self, message: Any, queue: str | None) -> None:
        asked = asked_for(message)
        if asked is None:
            log.warning("dropped-message", reason="no bell")
        else:
            super()._deliver(message_for(*asked), queue)


class PatientConnection(Connection):
    """Tries again each second. The stock one waits longer each time, up to 30 s, and on while Redis is back."""

    def _ensure_connection(self, *arguments: Any, **options: Any) -> Any:
        every = {"interval_start": 1, "interval_step": 0, "interval_max": 1}
        return super()._ensure_connection(*arguments, **options | every)


class Queues(AMQP):
    """Celery's own, over our connections."""

    Connection = PatientConnection
