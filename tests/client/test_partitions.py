import zlib
from typing import Any

import pytest
from redis import Redis

from spcm_client import Command, PartitionsUnreadable, partition_of, read_partitions

CATALOG = zlib.crc32(b"acme:catalog") % 8
MSISDN = "0871234567"
SUBSCRIBER = zlib.crc32(b"acme:0871234567") % 8
ELSEWHERE = next(m for m in map(str, range(100)) if zlib.crc32(f"acme:{m}".encode()) % 8 not in (SUBSCRIBER, CATALOG))
BESIDE = next(m for m in map(str, range(1000)) if zlib.crc32(f"acme:{m}".encode()) % 8 == SUBSCRIBER)


def partition(operation: str, params: Any = None, payload: Any = None) -> int:
    return partition_of(Command(operation, params, payload), "acme", 8)


def test_the_examples_lie_apart() -> None:
    assert SUBSCRIBER != CATALOG


@pytest.mark.parametrize("verb", ["create", "get", "update", "delete"])
def test_a_command_about_one_subscriber_goes_by_its_msisdn(verb: str) -> None:
    assert partition(f"subscriber.{verb}", {"msisdn": MSISDN}) == SUBSCRIBER


@pytest.mark.parametrize("operation", ["subscriber.search", "subscriber.batchUpdate", "planDefinition.get", "no.such"])
def test_all_other_commands_go_with_the_catalog(operation: str) -> None:
    assert partition(operation, {"msisdn": MSISDN}) == CATALOG


@pytest.mark.parametrize("params", [None, {}, {"msisdn": 87}, {"msisdn": None}])
def test_a_subscriber_command_without_a_readable_msisdn_goes_with_the_catalog(params: Any) -> None:
    assert partition("subscriber.get", params) == CATALOG


def test_an_empty_msisdn_is_one_too() -> None:
    command = Command("subscriber.get", {"msisdn": ""})
    assert partition_of(command, "acme", 1024) == zlib.crc32(b"acme:") % 1024 != zlib.crc32(b"acme:catalog") % 1024


def item(msisdn: Any, operation: str = "subscriber.create") -> dict[str, Any]:
    return {"operation": operation, "params": {"msisdn": msisdn}}


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([item(MSISDN), item(BESIDE), item(MSISDN)], SUBSCRIBER),
        ([item(MSISDN), item(ELSEWHERE)], CATALOG),
        ([item(MSISDN), item({"fromItem": "a", "member": "msisdn"})], CATALOG),
        ([item(MSISDN), item(MSISDN, "subscriber.search")], CATALOG),
        ([item(MSISDN), "no item"], CATALOG),
        ([{"operation": ["subscriber.get"], "params": {"msisdn": MSISDN}}], CATALOG),
        ([], CATALOG),
        ("no items", CATALOG),
    ],
)
def test_a_bulk_goes_with_its_items_if_they_are_all_of_one_partition(items: Any, expected: int) -> None:
    assert partition("bulk.execute", None, {"items": items}) == expected


@pytest.mark.parametrize("payload", ["items", ["items"], 7])
def test_a_bulk_without_a_payload_of_its_form_goes_with_the_catalog(payload: Any) -> None:
    assert partition("bulk.execute", None, payload) == CATALOG


def test_a_msisdn_is_what_it_is_in_json() -> None:
    class Masked(str):
        def __str__(self) -> str:
            return "087..."

    assert partition("subscriber.get", {"msisdn": Masked(MSISDN)}) == SUBSCRIBER


def test_the_number_of_partitions_is_read_from_redis(redis: Redis) -> None:
    assert read_partitions(redis) is None
    redis.set("spcm:partitions", 16)
    assert read_partitions(redis) == 16


@pytest.mark.parametrize("value", ["many", "0", ""])
def test_another_value_there_is_an_error(redis: Redis, value: str) -> None:
    redis.set("spcm:partitions", value)
    with pytest.raises(PartitionsUnreadable):
        read_partitions(redis)
