"""Which command stream a command belongs to (the contract's section 1, and for bulks its page on bulk)."""

import zlib
from collections.abc import Mapping
from typing import Any

from redis import Redis

from spcm_client.commands import BULK, Command, WrittenItems
from spcm_client.errors import PartitionsUnreadable

PARTITIONS_KEY = "spcm:partitions"
DEFAULT_PARTITIONS = 8

_ABOUT_ONE_SUBSCRIBER = frozenset({"subscriber.create", "subscriber.get", "subscriber.update", "subscriber.delete"})
_CATALOG = "catalog"


def stream_of(partition: int) -> str:
    return f"spcm:commands:{partition}"


def partition_of(command: Command, tenant: str, partitions: int) -> int:
    """The partition, from 0, in which the command keeps its order with all others about the same thing.

    A worker executes a command from any partition; with another one only its place in the order is lost.
    """
    if isinstance(command.payload, WrittenItems):
        return command.payload.partition
    if command.operation == BULK:
        return _partition_of_bulk(command.payload, tenant, partitions)
    return partition_of_operation(command.operation, command.params, tenant, partitions)


def partition_of_operation(operation: object, params: object, tenant: str, partitions: int) -> int:
    """As `partition_of`, for a command or a bulk's item that may be of any form."""
    subscriber = _subscriber(operation, params)
    return _partition(_CATALOG if subscriber is None else subscriber, tenant, partitions)


def _partition_of_bulk(payload: object, tenant: str, partitions: int) -> int:
    catalog = _partition(_CATALOG, tenant, partitions)
    items = payload.get("items") if isinstance(payload, Mapping) else None
    if not isinstance(items, list | tuple) or not items:
        return catalog
    found = set()
    for item in items:
        subscriber = _subscriber(item.get("operation"), item.get("params")) if isinstance(item, Mapping) else None
        if subscriber is None:
            return catalog
        found.add(_partition(subscriber, tenant, partitions))
    return found.pop() if len(found) == 1 else catalog


def _subscriber(operation: object, params: object) -> str | None:
    """The msisdn a command is about; None where it is about no one subscriber, or about one that an earlier item
    of the bulk will tell (a reference is an object, no string).
    """
    if not isinstance(operation, str) or operation not in _ABOUT_ONE_SUBSCRIBER or not isinstance(params, Mapping):
        return None
    msisdn = params.get("msisdn")
    return msisdn if isinstance(msisdn, str) else None


def _partition(key: str, tenant: str, partitions: int) -> int:
    # A lone surrogate is no text, and refused when the command is written; until then it must have some partition.
    # Joined, since an Enum's or another str's own way to be formatted is not what JSON has of it.
    return zlib.crc32("".join((tenant, ":", key)).encode(errors="surrogatepass")) % partitions


def read_partitions(redis: Redis) -> int | None:
    """The installation's number of partitions; None before its first worker has started."""
    value: Any = redis.get(PARTITIONS_KEY)
    if value is None:
        return None
    try:
        partitions = int(value)
    except ValueError as error:
        raise PartitionsUnreadable(f"{PARTITIONS_KEY} holds no number") from error
    if partitions < 1:
        raise PartitionsUnreadable(f"{PARTITIONS_KEY} is below 1")
    return partitions
