"""Kombu's transport as we have it."""

from kombu import Connection
from redis import Redis

from workers.queue import BELLS, DRAIN
from workers.transport import bell


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
