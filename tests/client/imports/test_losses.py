"""Imports whose outcomes, connections or time get lost."""

import itertools
import time
from typing import Any

import pytest
from redis import Redis

from spcm_client import BulkItem, Client, OutcomeTimeout, import_items
from spcm_client.errors import ConnectionLost
from spcm_client.replies import ReplyList
from tests.client.imports.items import bulks, item
from tests.client.stand_in import Answer, StandIn, bulk_answer, cut_off, event


def test_an_overloaded_worker_is_asked_again_and_the_order_kept(client: Client, worker: StandIn) -> None:
    def answer(command: dict[str, Any], times: int) -> Answer:
        if times == 1 and command["payload"]["items"][0]["id"] == "0":
            return {"status": 503, "reason": "overloaded", "retryable": True}
        return bulk_answer(command)

    worker.answer = answer
    items = [BulkItem("subscriber.update", {"msisdn": "1"}, {"zone": str(i)}) for i in range(600)]
    results = list(import_items(client, items))
    assert [each.index for each in results] == list(range(600))
    assert [bulk["payload"]["items"][0]["id"] for bulk in bulks(worker)] == ["0", "0", "500"]


def test_an_outcome_that_was_lost_is_asked_for_again(client: Client, worker: StandIn) -> None:
    worker.answer = lambda command, times: None if times == 1 else bulk_answer(command) | {"replayed": True}
    results = list(import_items(client, [item(i) for i in range(20)], ask_again=0.1))
    assert len(results) == 20
    assert all(each.ok and each.replayed for each in results)


def test_an_outcome_that_comes_twice_is_told_once(client: Client, worker: StandIn, redis: Redis) -> None:
    def answer(command: dict[str, Any], _: int) -> Answer:
        redis.rpush(command["replyTo"], event(command, "0-0", bulk_answer(command)))
        return bulk_answer(command)

    worker.answer = answer
    results = list(import_items(client, (item(i) for i in range(2000))))
    assert len(results) == len({each.index for each in results}) == 2000


def test_a_broken_connection_is_waited_out(client: Client, worker: StandIn, redis: Redis) -> None:
    def answer(command: dict[str, Any], times: int) -> Answer | None:
        if times == 1:
            cut_off(redis, "blpop")
            return None
        return bulk_answer(command)

    worker.answer = answer
    results = import_items(client, [item(1), item(1)], ask_again=3600, timeout=20)
    assert [each.ok for each in results] == [True, True]


def test_an_import_that_nobody_answers_ends_in_the_end(client: Client, worker: StandIn) -> None:
    worker.answer = lambda *_: None
    with pytest.raises(OutcomeTimeout):
        list(import_items(client, [item(1)], timeout=0.1))


def test_an_import_whose_connections_are_lost_without_end_ends_too(
    client: Client, worker: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = itertools.count()

    def lose(*_: Any) -> None:
        assert next(losses) < 200, "it goes on"
        time.sleep(0.01)
        raise ConnectionLost

    worker.answer = lambda *_: None
    monkeypatch.setattr("spcm_client.flights.pause_after_loss", lambda: None)
    monkeypatch.setattr(ReplyList, "take", lose)
    with pytest.raises(OutcomeTimeout):
        list(import_items(client, [item(1)], timeout=0.5))


@pytest.mark.parametrize("lost", [False, True], ids=["stopped", "stopped, and the connection lost"])
def test_the_time_in_which_the_process_was_stopped_is_no_silence_either(
    client: Client, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    take, takes = ReplyList.take, itertools.count()

    def stopped_at_first(replies: ReplyList, seconds: float) -> Any:
        if next(takes):
            return take(replies, seconds)
        time.sleep(1.5)
        if lost:
            raise ConnectionLost
        return None

    monkeypatch.setattr("spcm_client.flights.longest_block", lambda _: 0.1)
    monkeypatch.setattr(ReplyList, "take", stopped_at_first)
    monkeypatch.setattr(ReplyList, "take_now", lambda _: None)  # else what comes soon needs no other read
    assert [each.ok for each in import_items(client, [item(1)], timeout=1)] == [True]
