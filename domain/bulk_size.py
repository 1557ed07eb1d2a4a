"""How large a bulk's outcome gets: answers to reads, and references filled in, can make much of a few bytes."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson

from domain.bulk_item import BulkItem
from domain.errors import Unprocessable
from domain.references import Answers, Reference, references_in
from domain.requests import ABSENT
from domain.results import Result, refusal
from domain.strict_json import Number

LARGEST_OUTCOME = 8 * 1024 * 1024
_ITEM_AROUND = 88
"""Bytes of what is told of an item around its id, reason and data, or a little more."""
_EVENT_AROUND = 4096
"""Bytes of an outcome event around the items and the remainder's items, or a little more."""
_ANSWER_BEYOND_WHAT_WAS_SENT = 1024
_TOO_LARGE = refusal(Unprocessable("bulk-answer-too-large"), None)


class Room:
    """What is left of a bulk's outcome, in bytes, for the answers to reads.

    For each item that is still to come, as much is set aside as its refusal takes; the answer to a change is hardly
    larger. Where there are no items, nothing is counted and everything fits.
    """

    def __init__(self, items: Sequence[BulkItem] | None) -> None:
        self._set_aside = None if items is None else {item.id: _set_aside_for(item) for item in items}
        self._left = LARGEST_OUTCOME - _EVENT_AROUND - sum((self._set_aside or {}).values())

    def holds(self, item: BulkItem, result: Result) -> bool:
        """Whether the item's result fits."""
        return self._set_aside is None or _size_of(item, result) <= self._left + self._set_aside[item.id]

    def take(self, item: BulkItem, result: Result) -> None:
        """The item's result is told, and the item again in the remainder if it did not succeed."""
        if self._set_aside is not None:
            self._left += self._set_aside[item.id] - _size_of(item, result)


def filled_in(items: Sequence[BulkItem], answers: Answers) -> set[str]:
    """The ids of those that did not succeed whose references are filled in: as many as fit into the outcome."""

    @cache
    def size_of(reference: Reference) -> int:
        value = reference.among(answers, ABSENT)
        return 0 if value is ABSENT else _length(value)

    growth = {item.id: sum(map(size_of, references_in(item.sent))) for item in items if not item.succeeded}
    if not any(growth.values()):
        return set()
    left = LARGEST_OUTCOME - _EVENT_AROUND - sum(_size_of(item, item.result or _TOO_LARGE) for item in items)
    filled = set()
    for item_id, size in growth.items():
        if size <= left:
            left -= size
            filled.add(item_id)
    return filled


def _set_aside_for(item: BulkItem) -> int:
    changes = item.operation is not None and not item.operation.reads
    return _size_of(item, _TOO_LARGE) + (_ANSWER_BEYOND_WHAT_WAS_SENT if changes else 0)


def _size_of(item: BulkItem, result: Result) -> int:
    told: list[Any] = [item.id, result.reason, result.data]
    if result.status >= 300:
        told.append({"id": item.id} | item.sent)
    return _ITEM_AROUND + _length(told)


def _length(value: Any) -> int:
    """Of the value as JSON, in bytes."""
    return len(orjson.dumps(value, default=_written, option=orjson.OPT_PASSTHROUGH_DATACLASS))


def _written(number: Number) -> str:
    return number.text  # two quotation marks too long
