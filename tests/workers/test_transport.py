"""Kombu's transport as we have it."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection
from kombu.exceptions import OperationalError
from redis import Redis

from adapters.keys import BELLS
from workers.queue import DRAIN, queue_entry
from workers.transport import PatientConnection

ROOT = Path(__file__).parents[2]


def test_a_bell_that_nobody_acknowledged_is_not_put_back(redis_url: str) -> None:
    """The next one is a moment away; and one that cannot be put back would be written to a file, without end."""
    with Redis.from_url(redis_url) as client:
        client.lpush(BELLS, queue_entry(DRAIN, [0]))
        options = {"ack_emulation": False, "priority_steps": [0]}
        with Connection(redis_url, transport="workers.transport:Transport", transport_options=options) as connection:
            channel: Any = connection.channel()
            assert channel.basic_get(BELLS) is not None
            channel.close()
        assert client.llen(BELLS) == 0


def test_a_broker_that_says_nothing_is_given_up() -> None:
    """After ten seconds; kombu by itself would wait without an end."""
    program = "from workers.app import app; app.connection().ensure_connection(max_retries=1, timeout=1)"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ended = run(program, port=silent.getsockname()[1])
    assert "Timeout reading from socket" in ended.stderr


def test_a_broker_that_is_away_is_asked_for_each_second() -> None:
    """Celery by itself waits for 30 s in the end, also for one that is back."""
    pauses: list[float] = []

    def refused(_error: Exception, pause: float) -> None:
        pauses.append(pause)

    with (
        PatientConnection("redis://127.0.0.1:1/0", transport="workers.transport:Transport") as connection,
        pytest.raises(OperationalError),
    ):
        connection.ensure_connection(refused, max_retries=3)
    assert len(pauses) == 3
    assert set(pauses) == {1}
    told = run("from workers.app import app; print(type(app.connection()).__name__)", port=1)
    assert told.stdout.strip() == PatientConnection.__name__


def run(program: str, *, port: int) -> "subprocess.CompletedProcess[str]":
    """In a process of its own, whose broker is at this port."""
    environment = os.environ | {"SPCM_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False)
