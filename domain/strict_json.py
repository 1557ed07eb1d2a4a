"""JSON as RFC 8259 has it, read without forgiveness: what the contract calls malformed is refused here.

The standard library's parser takes NaN, the last of duplicate members and lone surrogates; each is refused by
a hook or a check below. Numbers that are no integers of ours are kept as they came, since nothing here may round.
"""

import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic_core import from_json

DEEPEST = 32
_GREAT = 10**17
_NOT_PLAIN = -(2**40)


class NotJson(ValueError):
    """Raised when bytes are not one JSON value, or one nested deeper than `DEEPEST`."""


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number that no Python number holds exactly (`1e400`, an integer of 5,000 digits), as it was written."""

    text: str


def parse(raw: bytes) -> Any:
    """The JSON value that `raw` holds, in UTF-8.

    Raises:
        NotJson: not UTF-8, not JSON, a duplicate member, a lone surrogate, or too deep.

    """
    value = read_plain(raw)
    return read_closely(raw) if value is None else value


def read_plain(raw: bytes) -> Any:
    """The object that `raw` holds, where that can be had in half the time of reading closely; None where it cannot.

    pydantic's parser keeps the last of duplicate members. Without escapes every quotation mark begins or ends a
    string, so one that got lost shows in their number. Fractions, great numbers and deep nesting are left to others.
    """
    if b"\\" in raw or raw.count(b"{") + raw.count(b"[") > DEEPEST:
        return None
    try:
        value = from_json(raw, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        return None
    return value if isinstance(value, dict) and 2 * _strings_in(value) == raw.count(b'"') else None


def read_closely(raw: bytes) -> Any:
    """As `parse`: what it says of all JSON is decided here."""
    try:
        value = _decoder.decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise NotJson from error
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and _depth(value) > DEEPEST:
        raise NotJson
    if b"\\ud" in raw or b"\\uD" in raw:
        _refuse_lone_surrogates(value)
    return value


def _strings_in(value: Any) -> int:
    """How many strings there are, names of members included; negative where something is not plain."""
    number = len(value) if isinstance(value, dict) else 0
    for inner in value.values() if isinstance(value, dict) else value:
        kind = type(inner)
        if kind is str:
            number += 1
        elif kind is dict or kind is list:
            number += _strings_in(inner)
        elif kind is float or (kind is int and not -_GREAT < inner < _GREAT):
            number += _NOT_PLAIN
    return number


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotJson
    return members


def _integer(text: str) -> int | Number:
    return int(text) if len(text) <= 18 else Number(text)


def _fraction(text: str) -> float | Number:
    value = float(text)
    return value if math.isfinite(value) else Number(text)


def _refuse_constant(_name: str) -> NoReturn:
    raise NotJson


_decoder = json.JSONDecoder(
    object_pairs_hook=_unique_members,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=_refuse_constant,
)


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level := [inner for inner in level if isinstance(inner, dict | list)]:
        depth += 1
        level = [leaf for inner in level for leaf in (inner.values() if isinstance(inner, dict) else inner)]
    return depth


def _refuse_lone_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise NotJson from error
