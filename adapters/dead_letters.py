"""The dead letters: commands that SPCM failed to execute, as an operator finds them."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import redis

from adapters.encoding import encode, event_in
from adapters.keys import DEAD_LETTERS
from adapters.redis_failures import redis_failures
from domain.strict_json import NotJson, parse

_AT_ONCE = 20  # a bulk's command can be of 4 MiB
_MOST_DIGITS = 9  # of a number that we have written


class DeadLetter(NamedTuple):
    """A command that failed. `id` is the stream entry's.

    `tries` is how often it was taken without an end or an excuse; 1 where its batch began with another, since only the
    first one's are counted.
    `command` is as it was sent, without its authorization; empty where it could not be read. `event` is its outcome.
    """

    id: str
    command: bytes
    event: dict[str, Any]
    error: str
    tries: int

    @property
    def tenant(self) -> str | None:
        told = self.event.get("tenant")
        return told if isinstance(told, str) else None

    @property
    def members(self) -> dict[str, Any]:
        """The command's; none where there is no command."""
        return _members(self.command)


def dead_letters(client: "redis.Redis") -> Iterator[DeadLetter]:
    """Those there are now, oldest first; not those that come while they are read. Raises Unavailable."""
    with redis_failures():
        newest: Any = client.xrevrange(DEAD_LETTERS, count=1)
    position = "-"
    while newest and (found := _between(client, position, newest[0][0].decode())):
        yield from found
        position = f"({found[-1].id}"


def dead_letter(client: "redis.Redis", letter_id: str) -> DeadLetter | None:
    """The one of this id. Raises Unavailable."""
    return next(iter(_between(client, letter_id, letter_id)), None)


def remove_dead_letters(client: "redis.Redis", ids: Collection[str]) -> int:
    """How many of them were still there. Raises Unavailable."""
    with redis_failures():
        return int(client.xdel(DEAD_LETTERS, *ids)) if ids else 0


def _between(client: "redis.Redis", first: str, last: str) -> list[DeadLetter]:
    with redis_failures():
        found: Any = client.xrange(DEAD_LETTERS, first, last, count=_AT_ONCE)
    return [_letter(entry.decode(), fields) for entry, fields in found]


def without_authorization(command: bytes) -> bytes:
    """The command as it was sent, but for its credentials; nothing where they may be in what cannot be read."""
    if b"uthorization" not in command and b"\\u" not in command:
        return command
    members = _members(command)
    if members.pop("authorization", None) is not None:
        return encode(members)
    return command if members else b""


def _letter(entry: str, fields: dict[bytes, bytes]) -> DeadLetter:
    tries = fields.get(b"tries", b"")
    return DeadLetter(
        id=entry,
        command=without_authorization(fields.get(b"command", b"")),
        event=event_in(fields.get(b"event", b"")),
        error=fields.get(b"error", b"").decode(errors="replace"),
        tries=int(tries) if tries.isdigit() and len(tries) <= _MOST_DIGITS else 0,
    )


def _members(command: bytes) -> dict[str, Any]:
    try:
        members = parse(command)
    except NotJson:
        return {}
    return members if isinstance(members, dict) else {}
