"""What must be so before commands are executed: the schema, and one number of partitions for everybody."""

import redis
from sqlalchemy import Connection, Engine, insert, select

from adapters.failures import redis_failures
from adapters.migrations import is_current
from adapters.streams import PARTITIONS
from adapters.tables import partitions


class NotReady(Exception):
    """Raised when the installation cannot execute commands until somebody does what the words say."""


def prepare(engine: Engine, client: "redis.Redis", count: int) -> None:
    """Check the schema, and fix the number of partitions if nobody has.

    Raises:
        NotReady: the schema is not the newest, or the installation has another number of partitions.
        Unavailable: a server cannot be reached, for now.

    """
    with engine.begin() as connection:
        if not is_current(connection):
            raise NotReady("the database is not at this version's schema: run `spcm migrate`")
        _fix_partitions(client, count)
        _add_partition_rows(connection, count)


def partitions_of(client: "redis.Redis") -> int | None:
    """The installation's number of partitions, once it was fixed. Raises Unavailable."""
    with redis_failures():
        told = client.get(PARTITIONS)
    return int(told) if told is not None else None


def tell_partitions(client: "redis.Redis", count: int) -> None:
    """Tell publishers the number of partitions, where Redis has lost it. Raises Unavailable."""
    with redis_failures():
        client.set(PARTITIONS, count, nx=True)


def _fix_partitions(client: "redis.Redis", count: int) -> None:
    tell_partitions(client, count)
    fixed = partitions_of(client)
    if fixed != count:
        raise NotReady(f"SPCM_PARTITIONS is {count}, but this installation was started with {fixed}")


def _add_partition_rows(connection: Connection, count: int) -> None:
    there = set(connection.scalars(select(partitions.c.number)))
    missing = [{"number": number} for number in range(count) if number not in there]
    if missing:
        connection.execute(insert(partitions), missing)
