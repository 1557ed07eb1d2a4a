"""What `spcm up` starts again."""

import os
import signal
from pathlib import Path

import redis

from tests.cli.program import WITHIN
from tests.cli.up.started import Up
from tests.polling import line_of, wait_for


def test_a_worker_that_dies_is_started_again(up: Up) -> None:
    with redis.Redis.from_url(up.ready["redis"]) as client:

        def workers() -> set[int]:
            names = {each["name"] for each in client.client_list()}
            return {int(name.rpartition(":")[2]) for name in names if name.startswith("spcm-worker:")}

        (first,) = wait_for(workers, within=WITHIN)
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: workers() - {first}, within=WITHIN)


def test_valkey_that_dies_is_started_again_where_it_was(servers: Up) -> None:
    with redis.Redis.from_url(servers.ready["redis"]) as client:
        os.kill(client.info("server")["process_id"], signal.SIGKILL)

        def answers() -> bool:
            try:
                return bool(client.get("spcm:partitions") == b"8")
            except redis.RedisError:
                return False

        wait_for(answers, within=WITHIN)
    assert servers.end()[0] == 0


def test_valkey_that_cannot_be_started_is_tried_again_until_it_can(servers: Up, data: Path) -> None:
    written, secret = servers.process.stderr, data / "valkey" / "valkey.password"
    assert written is not None
    password = secret.read_bytes()
    with redis.Redis.from_url(servers.ready["redis"]) as client:

        def kill() -> None:
            os.kill(client.info("server")["process_id"], signal.SIGKILL)

        def answers() -> bool:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

        for mended in (True, False):
            secret.write_bytes(b"\xff")
            kill()
            # What comes first depends on whether it has seen its Valkey live again.
            wait_for(
                lambda: line_of(written).endswith(
                    b"holds no password: remove it, and a new one is made; it is tried again\n"
                ),
                within=WITHIN,
            )
            if mended:
                secret.write_bytes(password)
                wait_for(answers, within=WITHIN)
    servers.process.terminate()
    assert servers.process.communicate(timeout=20) == (b"", b"")
    assert servers.process.returncode == 0
