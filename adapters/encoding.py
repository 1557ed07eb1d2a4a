"""JSON as we write it. orjson, since encoding is measurable on the hot path.

What orjson cannot encode goes in as text.
"""

from typing import Any

import orjson

from domain.strict_json import Number, decode

_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS  # a Number is a dataclass, which would become an object by itself


class JsonText:
    """JSON that is already encoded: goes into what is encoded next as it is."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def encode(value: Any) -> bytes:
    """`value` as JSON, in UTF-8."""
    return orjson.dumps(value, default=_fragment, option=_OPTIONS)


def canonical(value: Any) -> bytes:
    """The same bytes for every way to write an equal JSON value."""
    return orjson.dumps(value, default=_canonical_fragment, option=_OPTIONS | orjson.OPT_SORT_KEYS)


def event_in(text: bytes) -> dict[str, Any]:
    """The event, as workers write them; empty where it is none."""
    try:
        event = decode(text.decode())
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _canonical_fragment(value: Any) -> orjson.Fragment:
    return orjson.Fragment(value.canonical) if isinstance(value, Number) else _fragment(value)


def _fragment(value: Any) -> orjson.Fragment:
    if isinstance(value, Number | JsonText):
        return orjson.Fragment(value.text)
    raise TypeError(type(value).__name__)
