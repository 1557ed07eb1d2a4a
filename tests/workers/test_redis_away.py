"""A Redis that is gone, slow, or whose answers get lost: what waits, and that no command is blamed for it."""

from typing import Any

import pytest
import redis
from structlog.testing import capture_logs

from adapters.database import make_engine
from adapters.failures import Unavailable
from adapters.redis_client import connect
from adapters.streams import CommandStreams
from tests.engines import migrated
from tests.faults.proxy import Proxy
from tests.streams import command_streams
from tests.workers.bench import Bench


def through(proxied_url: str, *, timeout: float) -> CommandStreams:
    return command_streams(connect(proxied_url, timeout=timeout), backlog_limit=100)


@pytest.mark.parametrize("forgiven", ["at once", "later"])
def test_a_take_whose_answer_was_lost_is_no_death(bench: Bench, forgiven: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take = bench.streams._take

    def lose(**how: Any) -> None:
        take(**how)
        raise redis.ConnectionError

    def never_arrive(**_: Any) -> None:
        raise redis.ConnectionError

    bench.send("071")
    with monkeypatch.context() as broken:
        broken.setattr(bench.streams, "_take", lose)
        if forgiven == "later":
            broken.setattr(bench.streams, "_forgive", never_arrive)
        for _ in range(5):
            with pytest.raises(Unavailable):
                bench.streams.take(0, at_most=10)
    taken = bench.streams.take(0, at_most=10)
    assert (taken.deaths, taken.tries) == (0, 1)


def test_a_redis_that_is_slower_than_postgresql_waits_condemns_nobody(
    postgres_url: str, redis_url: str, proxy: Proxy, proxied_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.database.IDLE_TIMEOUT", 200)  # milliseconds
    monkeypatch.setattr("adapters.heartbeat.BEAT", 0.1)
    with connect(redis_url) as client, migrated(postgres_url) as engine:
        bench = Bench(engine, client)
        bench.streams = through(proxied_url, timeout=5)
        bench.send("071")
        bench.streams.now()
        proxy.latency(0.15)  # each way
        for _ in range(4):
            bench.drain()
            assert bench.told() == []
        proxy.latency(0)
        monkeypatch.undo()
        patient = make_engine(postgres_url)
        bench.drain(patient)
        patient.dispose()
        assert bench.told() == [201]


def test_takes_whose_answers_came_too_late_are_no_deaths_though_nothing_could_be_forgiven(
    bench: Bench, proxy: Proxy, proxied_url: str
) -> None:
    streams = through(proxied_url, timeout=0.2)
    bench.send("071")
    for _ in range(4):
        streams.now()  # what is sent on a new connection first would be lost instead
        proxy.latency(0.15)  # each way
        with pytest.raises(Unavailable):
            streams.take(0, at_most=10)
        proxy.latency(0)
    taken = streams.take(0, at_most=10)
    assert (taken.deaths, taken.tries) == (0, 1)


def test_a_redis_that_is_gone_is_waited_for(bench: Bench, proxy: Proxy, proxied_url: str) -> None:
    bench.streams = through(proxied_url, timeout=5)
    bench.send("071")
    proxy.refuse(True)
    proxy.cut()
    with capture_logs() as logged:
        assert bench.drain() is False
    assert [line["event"] for line in logged] == ["waiting"]
    proxy.heal()
    bench.drain()
    assert bench.told() == [201]
