"""Kombu's transport as we have it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from kombu import Connection
from redis import Redis

from workers.queue import BELLS, DRAIN
from workers.transport import bell

ROOT = Path(__file__).parents[2]


def test_a_bell_that_nobody_acknowledged_is_not_put_back(redis_url: str) -> None:
    """The next one is a moment away; and one that cannot be put back would be written to a file, without end."""
    with Redis.from_url(redis_url) as client:
        client.lpush(BELLS, bell(DRAIN, [0]))
        options = {"ack_emulation": False, "priority_steps": [0]}
        with Connection(redis_url, transport="workers.transport:Transport", transport_options=options) as connection:
            channel = connection.channel()
            assert channel.basic_get(BELLS) is not None
            channel.close()
        assert client.llen(BELLS) == 0


def test_a_broker_that_says_nothing_is_given_up() -> None:
    """After ten seconds; kombu by itself would wait without an end."""
    program = "from workers.app import app; app.connection().ensure_connection(max_retries=1, timeout=1)"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = {"SPCM_REDIS_URL": f"redis://127.0.0.1:{silent.getsockname()[1]}/0"}
        command = [sys.executable, "-c", program]
        ended = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, timeout=90)
    assert "Timeout reading from socket" in ended.stderr
