"""JSON as RFC 8259 has it, read without forgiveness: what the contract calls malformed is refused here.

The standard library's parser takes NaN, the last of duplicate members and lone surrogates; each is refused by
a hook or a check below. Numbers that are no integers are kept as they came, since nothing here may round. Before it a
faster parser reads what is plain, where it can be shown that it lost nothing.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic_core import from_json

DEEPEST = 32
_NOT_PLAIN = -(2**40)
"""Added to a number of strings, where what holds them must be read closely: no text has so many."""
_LONGEST_INTEGER = 18
"""Characters, its minus among them, of a number that is read as an integer."""
_FIRST_GREAT_INTEGER = 10 ** (_LONGEST_INTEGER - 1)
"""Every integer nearer to zero has no more characters than that, even with a minus."""
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_NUMBER = re.compile(
    r"(?P<minus>-?)(?P<whole>[0-9]+)(?:\.(?P<fraction>[0-9]+))?(?:[eE]\+?(?P<down>-?)(?P<exponent>[0-9]+))?"
)


class NotJson(ValueError):
    """Raised when bytes are not one JSON value, or one nested deeper than `DEEPEST`."""


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number that is no integer of 18 characters at most (`1.5`, `1e400`), as it was written."""

    text: str

    @property
    def canonical(self) -> str:
        """The same for all ways to write an equal number, unless its exponent has more than 18 digits.

        An integer is as Python writes it, up to 18 digits.
        """
        match = _NUMBER.fullmatch(self.text)
        if match is None:
            return self.text
        significant = (match["whole"] + (match["fraction"] or "")).lstrip("0")
        digits = significant.rstrip("0")
        if not digits:
            return "0"
        written = (match["exponent"] or "").lstrip("0") or "0"
        if len(written) > _LONGEST_INTEGER:
            return self.text
        exponent = int(f"{match['down'] or ''}{written}")
        exponent += len(significant) - len(digits) - len(match["fraction"] or "")
        if exponent >= 0 and len(digits) + exponent <= _LONGEST_INTEGER:
            return f"{match['minus']}{digits}{'0' * exponent}"
        return f"{match['minus']}{digits}e{exponent}"


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


def decode(text: str) -> Any:
    """The JSON value of a text of ours, of any depth."""
    return _decoder.decode(text)


def read_closely(raw: bytes) -> Any:
    """As `parse`: what it says of all JSON is decided here."""
    try:
        value = decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise NotJson from error
    if raw.count(b"{") + raw.count(b"[") > DEEPEST and _depth(raw) > DEEPEST:
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
        elif kind is float or (kind is int and not -_FIRST_GREAT_INTEGER < inner < _FIRST_GREAT_INTEGER):
            number += _NOT_PLAIN
    return number


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotJson
    return members


def _integer(text: str) -> int | Number:
    return int(text) if len(text) <= _LONGEST_INTEGER else Number(text)


def _refuse_constant(_name: str) -> NoReturn:
    raise NotJson


_decoder = json.JSONDecoder(
    object_pairs_hook=_unique_members,
    parse_int=_integer,
    parse_float=Number,
    parse_constant=_refuse_constant,
)


def _depth(raw: bytes) -> int:
    """Of JSON that was read; `DEEPEST` + 1 where it is more."""
    left, depth = _STRING.sub(b"", raw).translate(_ALIKE, _NO_BRACKETS), 0
    while left and depth <= DEEPEST:
        left, depth = left.replace(b"[]", b""), depth + 1  # the innermost ones
    return depth


def _refuse_lone_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise NotJson from error
