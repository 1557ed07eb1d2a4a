"""From the bytes of a stream entry to a command: what can be read of it, and the first thing wrong with it."""

import base64
import binascii
from typing import Any, NamedTuple

from pydantic import ValidationError

from domain.catalog import OPERATIONS
from domain.envelope import Envelope, is_reply_list
from domain.errors import BadRequest, Refused
from domain.operations import Operation
from domain.requests import LARGEST_BULK, LARGEST_COMMAND, Request
from domain.strict_json import NotJson, parse
from domain.validation import faults_of

NOTHING = Request(None)
"""What is asked for by a command that cannot be read."""


class Credentials(NamedTuple):
    """Who a command says it is from; not yet believed."""

    tenant: str
    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(...)"


class Command(NamedTuple):
    """What could be read of an entry; members at fault have their defaults here.

    `fault` is the 400 of its envelope, or the 500 of one that we failed to read.
    """

    id: str | None = None
    tenant: str | None = None
    credentials: Credentials | None = None
    request: Request = NOTHING
    correlation_id: str | None = None
    reply_to: str | None = None
    dry_run: bool = False
    fault: Refused | None = None

    @property
    def operation(self) -> Operation | None:
        """The operation, where it is known."""
        return OPERATIONS.get(self.request.operation or "")

    @property
    def subject(self) -> str | None:
        """The resource that the command is about, even if it is refused; None where params are not valid."""
        return self.operation.subject_of(self.request.params) if self.operation else None


def read_command(raw: bytes | None, size: int) -> Command:
    """The command, whatever `raw` is: what is wrong with the envelope is its `fault`, and raises nothing.

    `raw` is None where the entry has no command (`size` is negative), or one above `LARGEST_BULK` that nobody reads.
    """
    if size > LARGEST_BULK:
        return Command(fault=_too_large(LARGEST_BULK))
    if raw is None:
        return Command(fault=BadRequest("the entry must have a field command"))
    try:
        members = parse(raw)
    except NotJson:
        return Command(fault=BadRequest("the command must be JSON in UTF-8, without duplicate members"))
    if not isinstance(members, dict):
        return Command(fault=BadRequest("the command must be a JSON object"))
    return _from_members(members, len(raw))


def _from_members(members: dict[str, Any], size: int) -> Command:
    try:
        envelope = Envelope.of(members)
        fault = None
    except ValidationError:
        envelope, fault = _legible(members)
    operation = OPERATIONS.get(envelope.operation or "")
    largest = operation.largest if operation else LARGEST_COMMAND
    if size > largest:
        fault = _too_large(largest)
    elif fault is None and operation is None:
        fault = BadRequest(code="unknown-operation")
    return Command(
        id=envelope.id,
        tenant=envelope.tenant,
        credentials=_credentials(envelope),
        request=Request(envelope.operation, envelope.params, envelope.payload),
        correlation_id=(envelope.correlation_id or None) if "correlationId" in members else envelope.id,
        reply_to=envelope.reply_to or None,
        dry_run=envelope.dry_run,
        fault=fault,
    )


def _legible(members: dict[str, Any]) -> tuple[Envelope, BadRequest]:
    """The members that are of their form, the others None or their default; and the refusal."""
    faults = faults_of(Envelope, members)
    faulty = {field for field, _ in faults}
    nothing: dict[str, Any] = {"id": None, "operation": None, "tenant": None}
    read = {
        name: members[field.alias]
        for name, field in Envelope.model_fields.items()
        if field.alias in members and field.alias not in faulty
    }
    if "tenant" not in read or not is_reply_list(read.get("reply_to", ""), read["tenant"]):
        read.pop("reply_to", None)
    return Envelope.model_construct(**nothing | read), BadRequest("; ".join(words for _, words in faults))


def _credentials(envelope: Envelope) -> Credentials | None:
    """What `authorization` holds: Basic with strict base64 of user:password in UTF-8; None for anything else."""
    header = envelope.authorization
    if envelope.tenant is None or not isinstance(header, str) or not header.startswith("Basic "):
        return None
    try:
        encoded = header[len("Basic ") :].encode("ascii")
        decoded = base64.b64decode(encoded, validate=True)
        user, colon, password = decoded.decode().partition(":")
    except (binascii.Error, UnicodeError):
        return None
    if not colon or base64.b64encode(decoded) != encoded:
        return None
    return Credentials(envelope.tenant, user, password)


def _too_large(largest: int) -> BadRequest:
    return BadRequest(f"the command must be at most {largest} bytes", code="command-too-large")
