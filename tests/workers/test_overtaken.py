"""Two drains of one partition: who tells what, and who goes away."""

from collections.abc import Iterable
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.workers.bench import Bench


def test_who_was_overtaken_forgives_nothing(bench: Bench) -> None:
    bench.send("071")
    slow = bench.streams.take(0, at_most=1).token
    for _ in range(2):
        bench.streams.take(0, at_most=1)
        bench.streams.forgive(0, slow)
    assert bench.streams.take(0, at_most=1).deaths == 3


def test_who_is_overtaken_leaves_what_is_left_to_the_other(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = bench.streams.finish

    def finish_late(partition: int, token: str, told: Iterable[Any]) -> int:
        bench.streams.take(partition, at_most=1)
        return finish(partition, token, told)

    bench.send("071")
    monkeypatch.setattr(bench.streams, "finish", finish_late)
    with capture_logs() as logged:
        assert bench.drain() is False
    assert bench.told() == []
    assert [(line["event"], line["log_level"]) for line in logged] == [("partition-taken-over", "info")]


def test_on_sqlite_too_nobody_takes_what_is_just_being_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes second would otherwise have waited for the commit, and would take what is not told yet."""
    others: list[bool] = []
    finish = bench.streams.finish

    def finish_late(partition: int, token: str, told: Iterable[Any]) -> int:
        if not others:
            others.append(bench.worker().run(partition))
        return finish(partition, token, told)

    bench.send("071")
    monkeypatch.setattr(bench.streams, "finish", finish_late)
    with capture_logs() as logged:
        bench.drain()
    assert (bench.told(), others, logged) == ([201], [False], [])


@pytest.mark.parametrize("came", [True, False], ids=["a command", "nothing"])
def test_who_is_turned_away_when_the_last_outcome_was_told_leaves_nothing_behind(
    came: bool, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one has already looked what is left, and still holds the partition."""
    others: list[bool] = []
    finish = bench.streams.finish

    def finish_and_linger(partition: int, token: str, told: Iterable[Any]) -> int:
        left = finish(partition, token, told)
        if not others:
            bench.send(*["072"] * came)
            assert bench.streams.ring("bells", {partition: "bell"}) == [partition]
            others.append(bench.worker().run(partition))
        return left

    bench.send("071")
    monkeypatch.setattr(bench.streams, "finish", finish_and_linger)
    bench.drain()
    assert (bench.told(), others) == ([201] * (1 + came), [False])
    assert bench.streams.ring("bells", {0: "bell"}) == [0]
