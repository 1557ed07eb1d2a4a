"""What must be so before commands are executed: the schema, and one number of partitions for everybody."""

from typing import Any

import redis
from sqlalchemy import Connection, Engine, insert, select

from adapters.database import has_our_settings
from adapters.keys import PARTITIONS
from adapters.migrations import NotReady, require_current
from adapters.redis_failures import redis_failures
from adapters.tables import partitions

_MOST_DIGITS = 4


def prepare(engine: Engine, client: "redis.Redis", count: int) -> None:
    """Check the session and the schema, and fix the number of partitions if nobody has.

    Raises:
        NotReady: a session has not our settings, the schema is not the newest, or the installation has another number
            of partitions.
        Unavailable: a server cannot be reached, for now.

    """
    with engine.begin() as connection:
        if not has_our_settings(connection):
            raise NotReady("a pooler keeps our settings from PostgreSQL: name PostgreSQL itself in SPCM_DATABASE_URL")
        require_current(connection)
        # First the database, which remembers the number where Redis has lost it.
        missing = missing_partitions(connection, count, told=told_partitions(client))
        fix_partitions(client, count)
        if missing:
            connection.execute(insert(partitions), [{"number": number} for number in missing])


def missing_partitions(connection: Connection, count: int, *, told: int | None) -> list[int]:
    """The partitions that have no row in the database: all of them in a new one.

    Raises NotReady where the last row is that of another number of partitions. But where publishers were `told` this
    very number by Redis, somebody has removed the last rows.
    """
    there = set(connection.scalars(select(partitions.c.number)))
    if there and not (told == count > max(there)):
        _require(count, "the database", max(there) + 1)
    return sorted(set(range(count)) - there)


def fix_partitions(client: "redis.Redis", count: int) -> None:
    """Tell publishers the number of partitions, where Redis does not know it or has lost it.

    Raises:
        NotReady: Redis has another number.
        Unavailable: it cannot be reached, for now.

    """
    with redis_failures():
        # Asked for first: a full Redis tells it, and takes nothing, not even what is there.
        told: Any = client.get(PARTITIONS) or client.set(PARTITIONS, count, nx=True, get=True)
    if told is None:
        return
    number = _number_in(told)
    if number is None:
        raise NotReady(f"{PARTITIONS} in Redis holds no number: delete it, and a worker that starts writes it anew")
    _require(count, "Redis", number)


def told_partitions(client: "redis.Redis") -> int | None:
    """The number that Redis tells publishers; None where it has none. Raises Unavailable."""
    with redis_failures():
        told: Any = client.get(PARTITIONS)
    return None if told is None else _number_in(told)


def _number_in(told: bytes) -> int | None:
    """The number, if it is one that a worker may have written."""
    return int(told) if told.isdigit() and len(told) <= _MOST_DIGITS else None


def _require(count: int, where: str, fixed: int) -> None:
    if fixed != count:
        raise NotReady(
            f"SPCM_PARTITIONS is {count}, but {where} has {fixed} partitions: "
            "set it to what it was when the installation first started"
        )
