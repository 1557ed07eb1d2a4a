"""Commands that failed on us, kept for an operator."""

from adapters.encoding import encode
from domain.strict_json import NotJson, parse


def without_authorization(raw: bytes | None) -> bytes:
    """The command as it was sent, but for its credentials; nothing where it cannot be read."""
    if raw is None:
        return b""
    try:
        members = parse(raw)
    except NotJson:
        return b""
    members.pop("authorization", None)
    return encode(members)
