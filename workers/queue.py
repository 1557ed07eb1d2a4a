"""The queue that bells travel by: its name, what may be asked for through it, and in which form.

A message is built and read here alone; of what is read nothing counts but the task and the partition.
"""

import base64
import json
import uuid
from typing import Any

from adapters.keys import BELLS
from adapters.settings import settings

DRAIN = "workers.tasks.drain"
MAINTAIN = "workers.tasks.maintain"


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


def queue_entry(task: str, arguments: list[int]) -> str:
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
