"""A command: a request to change or read one resource, in the JSON form of the contract's section 1."""

import base64
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spcm_client.errors import InvalidCommand

BULK = "bulk.execute"
MAX_BYTES = 64 * 1024
MAX_BULK_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32  # levels of objects and arrays; the command itself is the first


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class WrittenItems:
    """A bulk's payload that is JSON already, checked item by item; its items are of one partition."""

    text: bytes
    partition: int


@dataclass(frozen=True)
class Command:
    """One intent. It holds no credentials, which are the `Client`'s: a command can be logged.

    `id` is its identity within the tenant, 1-128 printable ASCII characters: whoever may have to send it again, also
    after a crash, derives the id from the business (`order-4711/1`). Without one it gets a new UUID.
    """

    operation: str
    params: Mapping[str, Any] | None = None
    payload: Mapping[str, Any] | WrittenItems | None = None
    id: str = field(default_factory=new_id)
    correlation_id: str | None = None
    reply_to: str | None = None
    dry_run: bool = False

    def to_json(self, tenant: str, authorization: str) -> bytes:
        """The command as UTF-8 JSON; what was not given is left out.

        Raises `InvalidCommand` for what a worker could not read, and therefore not answer.
        """
        members: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "tenant": tenant,
            "authorization": authorization,
            "params": self.params,
            "payload": None if isinstance(self.payload, WrittenItems) else self.payload,
            "correlationId": self.correlation_id,
            "replyTo": self.reply_to,
            "dryRun": True if self.dry_run else None,
        }
        written = to_json({name: value for name, value in members.items() if value is not None})
        if isinstance(self.payload, WrittenItems):
            written = b'%b,"payload":%b}' % (written[:-1], self.payload.text)
        limit = MAX_BULK_BYTES if self.operation == BULK else MAX_BYTES
        if len(written) > limit:
            raise InvalidCommand(f"a command {self.operation} is at most {limit} bytes, this is {len(written)}")
        return written


def basic_authorization(user: str, password: str) -> str:
    """The `authorization` member. Raises `InvalidCommand` for what RFC 7617 has no form for."""
    for name, value in (("user's name", user), ("password", password)):
        if not isinstance(value, str):
            raise InvalidCommand(f"the {name} is no text")  # as from a variable that is not set
    if ":" in user:
        raise InvalidCommand("a user's name cannot contain a colon")
    try:
        credentials = f"{user}:{password}".encode()
    except UnicodeEncodeError:
        # The cause would hold the password.
        raise InvalidCommand("the user's name or the password is not UTF-8: there is a lone surrogate") from None
    return "Basic " + base64.b64encode(credentials).decode("ascii")


def to_json(value: Mapping[str, Any], levels: int = MAX_DEPTH) -> bytes:
    """`value` as strict UTF-8 JSON of at most `levels` levels, or `InvalidCommand`, which does not repeat values."""
    try:
        written = _ENCODER.encode(value).encode()
    except RecursionError:
        raise InvalidCommand(_TOO_DEEP) from None
    except UnicodeEncodeError:
        raise InvalidCommand(
            "a lone surrogate is no text"
        ) from None  # the cause would hold the whole text, and secrets
    except ValueError as error:
        words = "NaN, Infinity, integers of thousands of digits, and what contains itself, are no JSON"
        raise InvalidCommand(words) from error
    except TypeError as error:
        raise InvalidCommand("only objects, arrays, strings, numbers, booleans and null are JSON") from error
    # An import asks this of every item: hardly one has as many brackets as it may have levels.
    if written.count(b"{") + written.count(b"[") > levels and _deeper_than(value, levels):
        raise InvalidCommand(_TOO_DEEP)
    if not _named_by_strings(value):
        raise InvalidCommand("the names in an object are strings")
    return written


def _object(value: object) -> dict[Any, Any]:
    """Json knows only dict for an object."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_object)
_PLAIN = (str, int, float, type(None))
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


def _named_by_strings(value: object) -> bool:
    """False where json would make a name of something else: then 1 and "1" are the same name twice."""
    inside: Iterable[object] = ()
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            return False
        inside = value.values()
    elif isinstance(value, list | tuple):
        inside = value
    return all(_named_by_strings(member) for member in inside if not isinstance(member, _PLAIN))


def _deeper_than(value: object, levels: int) -> bool:
    if isinstance(value, Mapping):
        return levels == 0 or any(_deeper_than(member, levels - 1) for member in value.values())
    if isinstance(value, list | tuple):
        return levels == 0 or any(_deeper_than(element, levels - 1) for element in value)
    return False
