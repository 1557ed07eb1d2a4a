"""What is to be known of a Redis to which commands are entrusted."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from statistics import mean, median
from typing import Any, NamedTuple

import redis
from redis import ResponseError

from adapters.keys import added_at
from adapters.redis_client import outcome_streams
from cli.doctor.findings import Finding, expect, ok, problem, warning
from domain.bulk_form import BULK
from spcm_client.outcomes import event_of
from spcm_client.portion import Portion

OLDEST_VERSION = (7, 0)
RECENT = 30
"""Seconds after its start in which a server's other findings mean little."""

USUAL_OUTCOME = 1_000
"""Bytes of an outcome where there is none to measure: a subscriber's is about as large."""

_SAMPLE = 100
_SAMPLE_BYTES = 16 * 1024 * 1024
_STREAMS = 20
_MILLION = 1_000_000


def redis_findings(client: redis.Redis, retention: timedelta) -> Iterator[Finding]:
    """All of it; `retention` is that of outcomes. Raises redis-py's errors."""
    server: dict[str, Any] = client.info("server")
    memory: dict[str, Any] = client.info("memory")
    yield _version(server)
    yield from _start(server)
    yield from _place(client)
    yield from _persistence(client)
    yield _eviction(memory)
    yield from _memory(client, memory, retention)


def _version(server: dict[str, Any]) -> Finding:
    version = str(server["redis_version"])
    name = f"Valkey {server['valkey_version']}" if "valkey_version" in server else f"Redis {version}"
    recent = tuple(int(part) for part in version.split(".")[:2]) >= OLDEST_VERSION
    return expect("Redis version", name, good=recent, advice="use Redis 7.0 or newer, or Valkey")


def _start(server: dict[str, Any]) -> Iterator[Finding]:
    """Only if it has just been started: one that ends again and again, on a full disk for one, looks well between."""
    seconds = int(server.get("uptime_in_seconds", RECENT))
    if seconds < RECENT:
        advice = "nothing, if somebody has just started it; else it keeps ending: look at its log and its disk"
        yield warning("Redis", f"it was started {seconds} s ago", advice)


def _place(client: redis.Redis) -> Iterator[Finding]:
    """Only what is wrong: a server of its own is what everybody has."""
    replication: dict[str, Any] = client.info("replication")
    if replication.get("role") != "master":
        advice = "set SPCM_REDIS_URL to the server that takes writes: a replica refuses commands and outcomes"
        yield problem("Redis", f"a replica of {replication.get('master_host')}", advice)
    cluster: dict[str, Any] = client.info("cluster")
    if cluster.get("cluster_enabled"):
        advice = "use one server: what is done at once here is in several slots of a cluster"
        yield problem("Redis", "a node of a cluster", advice)


def _persistence(client: redis.Redis) -> Iterator[Finding]:
    try:
        told: Any = client.config_get("append*")
    except ResponseError:
        yield warning(
            "Redis persistence",
            "this Redis does not tell its configuration",
            "find out whether it keeps each write: appendonly yes, appendfsync always",
        )
        return
    kept = told.get("appendonly") == "yes"
    yield expect(
        "Redis persistence",
        f"appendonly {told.get('appendonly')}",
        good=kept,
        advice="set appendonly yes: without it a restart loses accepted commands",
    )
    if kept:
        yield expect(
            "Redis persistence",
            f"appendfsync {told.get('appendfsync')}",
            good=told.get("appendfsync") == "always",
            advice="set appendfsync always: else a crash of the machine loses two seconds' commands or more",
        )


def _eviction(memory: dict[str, Any]) -> Finding:
    policy = str(memory.get("maxmemory_policy"))
    limited = int(memory.get("maxmemory", 0)) > 0
    advice = "set maxmemory-policy noeviction: a full Redis must refuse commands, not forget them"
    if policy != "noeviction" and not limited:
        return warning("Redis eviction", f"{policy}, which has no effect without maxmemory", advice)
    return expect("Redis eviction", policy, good=policy == "noeviction", advice=advice)


def _memory(client: redis.Redis, memory: dict[str, Any], retention: timedelta) -> Iterator[Finding]:
    limit = int(memory.get("maxmemory", 0))
    machine = int(memory.get("total_system_memory", 0))
    used = int(memory.get("used_memory", 0))
    if limit:
        advice = "free memory, or give it more: it refuses commands and outcomes"
        yield expect("Redis memory", f"{_size(used)} of {_size(limit)} are used", good=used < limit, advice=advice)
    else:
        yield warning(
            "Redis memory",
            f"{_size(used)} are used, without a limit",
            "set maxmemory below the machine's memory: a full Redis then refuses commands and goes on",
        )
    sample, a_second = _measure(client)
    kept = retention.total_seconds()
    each = median(outcome.each for outcome in sample) if sample else USUAL_OUTCOME
    formula = f"a million commands a day need {_size(each * _MILLION * kept / 86_400)}"
    words = f"kept {_days(kept)}, at {each:.0f} bytes each{'' if sample else ' (assumed)'}: {formula}"
    if not a_second or not sample:
        yield ok("outcomes", words)
        return
    need = mean(outcome.size for outcome in sample) * a_second * kept
    found = f"{words}; at the present rate of {a_second:,.2f} a second it will be {_size(need)}"
    room = limit or machine
    advice = "give Redis more memory (maxmemory), or set SPCM_OUTCOME_RETENTION lower"
    if room and need > 0.8 * room:
        yield (problem if limit else warning)("outcomes", f"{found}, of {_size(room)} there are", advice)
    else:
        yield ok("outcomes", found)


class _Outcome(NamedTuple):
    """An outcome's bytes, and those of each command in it: an import's bulk has 500."""

    size: int
    each: float


def _measure(client: redis.Redis) -> tuple[list[_Outcome], float]:
    """A sample of the outcomes kept, and outcomes a second."""
    sample: list[_Outcome] = []
    rate, sampled = 0.0, 0
    for stream in outcome_streams(client):
        length = int(client.xlen(stream))
        if length and sampled < _STREAMS:
            sample += _newest(client, stream)
            sampled += 1
        if length:
            rate += _rate(client, stream, length)
    return sample, rate


def _newest(client: redis.Redis, stream: bytes) -> list[_Outcome]:
    """Few at a time where they are large, since Redis has all that it answers in memory."""
    sample: list[_Outcome] = []
    portion, before = Portion(_SAMPLE), "+"
    while len(sample) < _SAMPLE and sum(outcome.size for outcome in sample) < _SAMPLE_BYTES:
        entries: Any = client.xrevrange(stream, before, count=portion.count)
        if not entries:
            break
        found = [fields.get(b"event", b"") for _, fields in entries]
        portion.had([len(event) for event in found])
        sample += [_Outcome(len(event), len(event) / _commands_in(event)) for event in found]
        before = f"({entries[-1][0].decode()}"
    return sample


def _commands_in(event: bytes) -> int:
    """The items of a bulk; else one."""
    if BULK.encode() not in event[:500]:
        return 1
    with suppress(ValueError, LookupError, TypeError):
        return len(event_of(event)["data"]["items"]) or 1
    return 1


def _rate(client: redis.Redis, stream: bytes, length: int) -> float:
    """Outcomes a second since the oldest; nothing where that was less than an hour ago, which tells of no day."""
    oldest: Any = client.xrange(stream, count=1)
    seconds, _ = client.time()
    age = float(seconds) - added_at(oldest[0][0]) if oldest else 0.0
    return length / age if age >= 3_600 else 0.0


def _size(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def _days(seconds: float) -> str:
    return f"{seconds / 86_400:g} days" if seconds >= 86_400 else f"{seconds / 3_600:g} hours"
