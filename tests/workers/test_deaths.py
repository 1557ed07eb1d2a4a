"""Workers that die when their batch is committed and not yet told."""

from collections.abc import Iterable
from typing import Any

import pytest

from adapters.keys import DEAD_LETTERS
from domain.operations import SingleWork
from domain.state import State
from tests.workers.bench import Bench


class Killed(BaseException):
    """What nothing in the worker catches."""


def die(**_: Any) -> Any:
    raise Killed


def test_what_was_executed_is_no_dead_letter_though_its_worker_died_of_telling_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.send("071")
    with monkeypatch.context() as broken:
        broken.setattr(bench.streams, "_finish", die)
        for _ in range(4):
            with pytest.raises(Killed):
                bench.drain()
    bench.drain()
    assert bench.told() == [201]
    assert not bench.client.exists(DEAD_LETTERS)


def test_what_failed_is_a_dead_letter_though_its_worker_died_of_telling_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = SingleWork.execute

    def execute_all_but_one(work: SingleWork, state: State) -> Any:
        if "071" in vars(work.at).values():
            raise RuntimeError
        return execute(work, state)

    monkeypatch.setattr(SingleWork, "execute", execute_all_but_one)
    bench.send("071", "072")
    with monkeypatch.context() as broken:
        broken.setattr(bench.streams, "_finish", die)
        with pytest.raises(Killed):
            bench.drain()
    bench.drain()
    assert bench.told() == [500, 201]
    assert bench.client.xlen(DEAD_LETTERS) == 1


def test_what_was_executed_before_is_not_told_all_at_once_if_it_is_large(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for first in ("1", "3", "5"):
        bench.send_bulk(first, first + "0")
    with monkeypatch.context() as broken:
        broken.setattr(bench.streams, "_finish", die)
        with pytest.raises(Killed):
            bench.drain()
    assert len(bench.subscribers()) == 6
    told_at_once: list[int] = []
    finish = bench.streams.finish

    def counting(partition: int, token: str, told: Iterable[Any]) -> int:
        announced = list(told)
        told_at_once.append(len(announced))
        return finish(partition, token, announced)

    monkeypatch.setattr(bench.streams, "finish", counting)
    monkeypatch.setattr("workers.batch.LARGEST_ANSWERS", 1)
    bench.drain()
    assert told_at_once == [1, 1, 1]
    assert bench.told() == [200] * 3
