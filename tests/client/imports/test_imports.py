"""Which bulks an import sends, and what it tells of each item."""

import itertools
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import NoPermissionError

from spcm_client import BulkItem, Client, InvalidCommand, ItemResult, SubmitFailed, import_items
from spcm_client.partitions import partition_of_operation
from tests.client.imports.items import bulks, item
from tests.client.stand_in import Answer, StandIn, bulk_answer


def by_index(results: Iterator[ItemResult]) -> list[ItemResult]:
    return sorted(results, key=lambda result: result.index)


def test_every_item_gets_its_own_result(client: Client, worker: StandIn) -> None:
    results = by_index(import_items(client, (item(i, note=f"line {i + 2}") for i in range(6000))))
    assert [(each.index, each.id, each.data, each.item.note) for each in results] == [
        (i, str(i), {"msisdn": str(i)}, f"line {i + 2}") for i in range(6000)
    ]
    assert all(each.ok for each in results)


def test_bulks_have_at_most_500_items_of_one_partition_in_their_order(client: Client, worker: StandIn) -> None:
    list(import_items(client, (item(i) for i in range(6000))))
    assert max(len(bulk["payload"]["items"]) for bulk in bulks(worker)) == 500
    for partition, bulk in worker.seen:
        items = bulk["payload"]["items"]
        of_items = {partition_of_operation(each["operation"], each["params"], "acme", 8) for each in items}
        assert of_items == {partition}
    for partition in range(8):
        sent = [int(each["id"]) for p, bulk in worker.seen if p == partition for each in bulk["payload"]["items"]]
        assert sent == sorted(sent)


def test_a_bulk_of_large_items_stays_below_the_limit_of_a_command(client: Client, worker: StandIn) -> None:
    large = [BulkItem("planDefinition.create", payload={"summary": "ü" * 200_000}) for _ in range(12)]
    huge = BulkItem("planDefinition.create", payload={"summary": "x" * 3_000_000})
    assert all(each.ok for each in import_items(client, [*large, huge]))
    assert len(worker.seen) > 4


def test_the_same_import_again_has_the_same_commands(client: Client, worker: StandIn) -> None:
    def ids(**how: Any) -> set[str]:
        del worker.seen[:]
        list(import_items(client, (item(i) for i in range(700)), **how))
        return {bulk["id"] for bulk in bulks(worker)}

    first = ids(run="a")
    assert ids(run="a") == first
    assert ids(run="a", dry_run=True) == first  # a dry run tells what the import would answer
    assert ids(run="b").isdisjoint(first)
    assert ids(run="a", mode="atomic").isdisjoint(first)


def test_equal_bulks_at_different_places_of_an_import_are_different_commands(client: Client, worker: StandIn) -> None:
    same = [BulkItem("subscriber.update", {"msisdn": "1"}, {"zone": "a"}, id=str(i % 500)) for i in range(1000)]
    assert len(list(import_items(client, same))) == 1000
    assert len({bulk["id"] for bulk in bulks(worker)}) == 2


def test_items_with_the_same_id_come_into_different_bulks(client: Client, worker: StandIn) -> None:
    results = list(import_items(client, [item(1, id="a"), item(1, id="b"), item(1, id="a")]))
    assert [(each.index, each.id) for each in results] == [(0, "a"), (1, "b"), (2, "a")]
    assert len(worker.seen) == 2


def test_mode_and_dry_run_are_those_of_each_bulk(client: Client, worker: StandIn) -> None:
    list(import_items(client, [item(1)], mode="atomic", dry_run=True))
    (bulk,) = bulks(worker)
    assert (bulk["payload"]["mode"], bulk["dryRun"]) == ("atomic", True)


def test_an_items_failure_is_told_as_the_outcome_tells_it(client: Client, worker: StandIn) -> None:
    def answer(command: dict[str, Any], _: int) -> Answer:
        told = bulk_answer(command)
        told["data"]["items"][1] |= {"status": 409, "reason": "subscriber-exists", "retryable": False, "data": {}}
        told["data"]["items"][2] = {"index": 2, "id": "2", "status": None}
        return told | {"status": 207, "replayed": True}

    worker.answer = answer
    results = list(import_items(client, [item(1), item(1), item(1)]))
    assert [(each.status, each.reason, each.ok) for each in results] == [
        (201, None, True),
        (409, "subscriber-exists", False),
        (None, None, False),
    ]
    assert all(each.replayed for each in results)


def test_a_bulk_refused_as_a_whole_makes_each_item_fail_with_its_words(client: Client, worker: StandIn) -> None:
    body = {"message": "no", "status": "error"}
    worker.answer = lambda *_: {"status": 401, "reason": "bad-credentials", "data": body, "retryable": False}
    results = list(import_items(client, [item(1), item(1)]))
    assert [(each.status, each.reason, each.data) for each in results] == [(401, "bad-credentials", body)] * 2


@pytest.mark.parametrize("data", [None, {}, {"items": "none"}, {"items": [None, {"id": "0"}]}])
def test_an_outcome_without_its_items_is_told_as_such(client: Client, worker: StandIn, data: Any) -> None:
    worker.answer = lambda *_: {"status": 200, "data": data}
    (result,) = import_items(client, [item(1)])
    assert (result.status, result.reason, result.ok) == (None, "outcome-incomplete", False)


UNSENDABLE = {
    "too deep": BulkItem(
        "subscriber.create", {"msisdn": "1"}, {"a": {"b": [[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]}}
    ),
    "no JSON": BulkItem("subscriber.create", {"msisdn": "1"}, {"a": float("inf")}),
    "no operation": BulkItem("create"),
    "a bulk": BulkItem("bulk.execute"),
    "too long an operation": BulkItem(f"create.{'x' * 58}"),
    "no text for an operation": BulkItem(None),  # type: ignore[arg-type]
    "too long an id": item(1, id="x" * 129),
    "a zero in an id": item(1, id="a\0b"),
    "no text for an id": item(1, id=("1",)),
    "too large": BulkItem("planDefinition.create", payload={"summary": "x" * 4 * 1024 * 1024}),
    "too large beside an envelope": BulkItem("subscriber.get", {"msisdn": "x" * (4 * 1024 * 1024 - 200)}, id="own"),
}


@pytest.mark.parametrize("bad", UNSENDABLE.values(), ids=UNSENDABLE.keys())
def test_an_item_that_cannot_be_sent_harms_only_itself(client: Client, bad: BulkItem) -> None:
    results = by_index(import_items(client, [item(1), bad, item(2)]))
    assert [(each.status, each.reason) for each in results] == [
        (201, None),
        (400, "malformed-command"),
        (201, None),
    ]
    assert results[1].id == (bad.id or "1")


def test_an_operation_and_an_id_may_be_as_long_as_the_contract_lets_them(client: Client, worker: StandIn) -> None:
    longest = BulkItem(f"create.{'x' * 57}", id="x" * 128)
    assert [each.ok for each in import_items(client, [longest])] == [True]
    assert bulks(worker)[0]["payload"]["items"] == [{"id": longest.id, "operation": longest.operation}]


def test_an_item_that_cannot_be_sent_ends_an_atomic_import(client: Client) -> None:
    with pytest.raises(InvalidCommand):
        list(import_items(client, [item(1), BulkItem("create")], mode="atomic"))


def test_a_user_of_redis_who_may_not_send_is_told_at_once(redis: Redis, redis_url: str) -> None:
    redis.acl_setuser("reader", enabled=True, passwords=["+pw"], keys=["*"], commands=["+get", "+blpop"])
    try:
        url = re.sub("//.*@", "//reader:pw@", redis_url)
        with Client(url, "acme", "oms", "s3cret") as reader, pytest.raises(SubmitFailed) as no:
            list(import_items(reader, [item(1)]))
    finally:
        redis.acl_deluser("reader")
    assert isinstance(no.value.__cause__, NoPermissionError)


def test_items_are_read_only_as_the_work_goes_on(client: Client, worker: StandIn) -> None:
    read = itertools.count()
    answered = threading.Semaphore(0)

    def answer(command: dict[str, Any], _: int) -> Answer:
        answered.acquire(timeout=10)
        return bulk_answer(command)

    worker.answer = answer
    results: Any = import_items(client, (item(next(read)) for _ in range(100_000)))
    answered.release()
    next(results)
    assert next(read) <= 3 * 8 * 500 + 500
    for _ in range(100):
        answered.release()
    results.close()
