"""What strangers may write to the bells' queue."""

import json
from typing import Any

from workers.queue import DRAIN, message_for, queue_entry

CHANGES: tuple[dict[str, Any], ...] = (
    {"body": None},
    {"body": 5},
    {"body": "!"},
    {"body": "W1tdLHt9LHt9XQ=="},
    {"headers": None},
    {"headers": {"task": "celery.chain", "id": "1"}},
    {"headers": {"task": "no.such.task", "id": "2"}},
    {"properties": None},
    {"properties": {"delivery_tag": {}}},
    {"content-type": "application/x-python-serialize"},
    {"content-encoding": "no-such-encoding"},
)

HEADERS: tuple[dict[str, Any], ...] = (
    {"eta": "2999-01-01T00:00:00"},
    {"eta": "never"},
    {"expires": "2000-01-01T00:00:00"},
    {"timelimit": [0.000001, 0.000001]},
    {"timelimit": 5},
    {"id": {}},
    {"retries": "x"},
    {"stamped_headers": 5},
)


def _with_headers(more: dict[str, Any]) -> dict[str, Any]:
    message = message_for(DRAIN, [0])
    return message | {"headers": message["headers"] | more}


FORGED: list[bytes] = [
    b"",
    b"not json",
    b"[]",
    b"null",
    b"7",
    b"[" * 5000,
    b"\xff\xfe",
    b'{"body": null, "headers": null, "properties": null}',
    b'{"headers": {"task": "workers.tasks.drain"}, "properties": {"body_encoding": "base64"}, "body": "%%%"}',
    *[json.dumps(message_for(DRAIN, [0]) | change).encode() for change in CHANGES],
    *[json.dumps(_with_headers(more)).encode() for more in HEADERS],
    *[queue_entry(DRAIN, [number]).encode() for number in (-1, 8, 10**9, "0", None, True, 0.5)],  # type: ignore[list-item]
]
