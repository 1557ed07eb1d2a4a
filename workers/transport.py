"""Kombu's Redis transport, for a queue to which strangers may have written.

A stock worker stops, or loops for ever, on a malformed message, and does what a hostile one's headers say. This one
takes from a message only which task it asks for and of which partition, and drops what asks for anything else.
"""

import base64
import json
import uuid
from queue import Empty
from typing import Any

import structlog
from celery.app.amqp import AMQP
from kombu import Connection
from kombu.transport import redis

from adapters.settings import settings
from workers.queue import BELLS, DRAIN, MAINTAIN

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


def asked_for(message: Any) -> tuple[str, list[int]] | None:
    """The task and arguments that a message asks for; None where it is no bell."""
    try:
        task = message["headers"]["task"]
        body = message["body"]
        if message["properties"].get("body_encoding") == "base64":
            body = base64.b64decode(body, validate=True)
        arguments = json.loads(body)[0]
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError):
        return None
    if task == MAINTAIN and arguments == []:
        return MAINTAIN, []
    if task == DRAIN and isinstance(arguments, list) and len(arguments) == 1 and _is_partition(arguments[0]):
        return DRAIN, arguments
    return None


def _is_partition(value: Any) -> bool:
    return type(value) is int and 0 <= value < settings().partitions


def bell(task: str, arguments: list[int]) -> str:
    """What is to stand in the queue for Celery to ask for this."""
    return json.dumps(message_for(task, arguments))


def message_for(task: str, arguments: list[int]) -> dict[str, Any]:
    """A message in Celery's protocol that asks for this, and has nothing else in it."""
    identity = str(uuid.uuid4())
    body = json.dumps([arguments, {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}])
    return {
        "body": base64.b64encode(body.encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": task, "id": identity, "root_id": identity, "parent_id": None, "group": None},
        "properties": {
            "body_encoding": "base64",
            "correlation_id": identity,
            "delivery_mode": 2,
            "delivery_tag": identity,
            "delivery_info": {"exchange": "", "routing_key": BELLS},
            "priority": 0,
        },
    }
