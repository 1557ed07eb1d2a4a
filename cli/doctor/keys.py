"""Keys of ours in Redis that are not what they should be."""

from collections.abc import Iterator

import redis

from adapters.keys import (
    BELLS,
    CLAIMED_BELL,
    COMMANDS,
    DEAD_LETTERS,
    MAINTENANCE,
    OUTCOMES,
    PARTITIONS,
    REPLIES,
    TAKEN,
    command_stream,
)
from cli.doctor.findings import Finding, problem


def key_findings(client: redis.Redis, partitions: int) -> Iterator[Finding]:
    """Only what is wrong. Raises redis-py's errors."""
    read = {command_stream(number) for number in range(partitions)}
    types = {DEAD_LETTERS: "stream", BELLS: "list", PARTITIONS: "string", MAINTENANCE: "string"}
    for name, kind in sorted(_found(client)):
        if name.startswith((COMMANDS, OUTCOMES)):
            expected = "stream"
        elif name.startswith(TAKEN):
            expected = "hash"
        else:
            expected = types.get(name, kind)
        if kind != expected:
            yield problem("keys", f"{name} is of type {kind}, not {expected}", "find out what it is, then delete it")
        elif name.startswith(COMMANDS) and name not in read:
            # Sent while Redis did not know the number of partitions, by its default; or there were more of them once.
            count: int = client.xlen(name)
            first = "have these commands sent again under the same ids (XRANGE shows them), then " if count else ""
            yield problem("partitions", f"commands in {name}: {count}", f"no worker reads there: {first}delete the key")


def _found(client: redis.Redis) -> list[tuple[str, str]]:
    """Keys and their types, but for those of replies and bells: these come and go."""
    keys = [
        key
        for key in client.scan_iter(match="spcm:*", count=1000)
        if not key.startswith((REPLIES.encode(), CLAIMED_BELL.encode()))
    ]
    with client.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.type(key)
        types = pipeline.execute()
    return [
        (key.decode(errors="replace"), kind.decode()) for key, kind in zip(keys, types, strict=True) if kind != b"none"
    ]
