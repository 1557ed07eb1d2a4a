"""Watching the command streams."""

import pytest
from redis import Redis
from structlog.testing import capture_logs

from adapters.failures import Unavailable
from adapters.watch import Watch

STREAMS = ["spcm:commands:0", "spcm:commands:1", "spcm:commands:2"]


def send(client: Redis, *streams: str) -> None:
    for stream in streams:
        client.xadd(stream, {"command": "{}"})


def test_what_is_no_stream_is_left_out_until_it_is_gone(client: Redis) -> None:
    watch = Watch(client, 3)
    assert list(watch.wait(0.1)) == []
    client.set(STREAMS[1], "no stream")
    send(client, STREAMS[0])
    with capture_logs() as logged:
        with pytest.raises(Unavailable):
            watch.wait(0.1)
        watch.start_over()
        for _ in range(3):
            assert list(watch.wait(0.1)) == [0]
            send(client, STREAMS[0])
            assert list(watch.all_with_entries()) == [0]
    assert logged == [{"event": "partition-left-out", "log_level": "error", "key": STREAMS[1]}]
    client.delete(STREAMS[1])
    send(client, STREAMS[1])
    assert list(watch.all_with_entries()) == [0, 1]
    assert list(watch.wait(0.1)) == [0, 1]
    send(client, STREAMS[1])
    assert list(watch.wait(0.1)) == [1]


def test_where_none_is_a_stream_there_is_nothing_to_watch(client: Redis) -> None:
    for stream in STREAMS:
        client.set(stream, "no stream")
    watch = Watch(client, 3)
    with pytest.raises(Unavailable, match="another type"):
        watch.wait(0.1)
    client.delete(*STREAMS)
    assert list(watch.wait(0.1)) == []
