"""Keys of ours in Redis that are not what they should be."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.findings import Finding, problem

if TYPE_CHECKING:
    import redis


def key_findings(client: "redis.Redis", partitions: int) -> Iterator[Finding]:
    """Only what is wrong. Raises redis-py's errors."""
    from adapters.streams import COMMANDS, DEAD_LETTERS, OUTCOMES, TAKEN

    read = {f"{COMMANDS}{number}" for number in range(partitions)}
    types = {DEAD_LETTERS: "stream", "spcm:bells": "list"}
    for name, kind in sorted(_found(client)):
        if name.startswith((COMMANDS, OUTCOMES)):
            expected = "stream"
        elif name.startswith(TAKEN):
            expected = "hash"
        else:
            expected = types.get(name, kind)
        if kind != expected:
            yield problem("keys", f"{name} is of type {kind}, and no {expected}", "see what it is, and delete it")
        elif name.startswith(COMMANDS) and name not in read:
            # Sent while Redis did not know the number of partitions, by its default.
            advice = "no worker reads there: send these commands again under the same ids, then delete the key"
            yield problem("partitions", f"{client.xlen(name)} commands in {name}", advice)


def _found(client: "redis.Redis") -> list[tuple[str, str]]:
    """Keys and their types, but for those of replies and bells: these come and go."""
    keys = [
        key
        for key in client.scan_iter(match="spcm:*", count=1000)
        if not key.startswith((b"spcm:replies:", b"spcm:bell:"))
    ]
    with client.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.type(key)
        types = pipeline.execute()
    return [
        (key.decode(errors="replace"), kind.decode()) for key, kind in zip(keys, types, strict=True) if kind != b"none"
    ]
