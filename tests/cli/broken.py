"""What `status` and `doctor` find broken."""

import redis

from adapters.keys import BELLS, DEAD_LETTERS, command_stream, outcome_stream, take_record

NO_DATABASE = "postgresql://u:hidden@127.0.0.1:1/x"


def keys_of_another_type(redis_url: str) -> dict[str, str]:
    """Keys of ours that hold a string; with the type that each should have."""
    expected = {command_stream(3): "stream", outcome_stream("odd"): "stream", DEAD_LETTERS: "stream"}
    expected |= {take_record(5): "hash", BELLS: "list"}
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(b"spcm:outcomes:\xff", {"event": "{}"})
        for key in expected:
            client.set(key, 1)
    return expected
