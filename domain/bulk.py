"""bulk.execute: many operations as one command, each of them with an outcome of its own.

An item goes the way of a command of its own: the same checks, rules, words and codes.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from domain.bulk_form import BULK, BulkPayload, bulk_of, id_of
from domain.errors import BadRequest, Refused, Unprocessable
from domain.operations import ABSENT, LARGEST_BULK, OPERATIONS, NoParams, Operation, Request, Work
from domain.permissions import Principal
from domain.references import Answers, fill_in, references_in, resolve
from domain.resources import Kind, Lookup
from domain.results import Fate, Result, refusal
from domain.state import State
from domain.strict_json import Number
from domain.validation import params_of

LARGEST_ANSWER = 8 * 1024 * 1024
_ITEM_AROUND = '{"index":1000,"id":,"status":200,"reason":,"retryable":false,"data":},'
_EVENT_AROUND = 4096
"""Bytes of an outcome event around the items and the remainder's items, or a little more."""


@dataclass(slots=True)
class BulkItem:
    """One item: its work, where that could be checked beforehand; else its refusal; else it waits for references."""

    id: str
    request: Request
    sent: dict[str, Any]
    operation: Operation | None
    work: Work | None = None
    refused: Refused | None = None
    result: Result | None = None

    @property
    def succeeded(self) -> bool:
        return self.result is not None and self.result.status < 300


class BulkOperation(Operation):
    """The operation whose payload is operations."""

    def items_in(self, request: Request) -> int:
        payload = request.payload
        items = payload.get("items") if isinstance(payload, dict) else None
        return len(items) if isinstance(items, list) else 0

    def prepare(self, principal: Principal, request: Request) -> Work:
        params_of(self.params, request.params)
        self.check_payload(request)
        form = bulk_of(request.payload)
        sent = request.payload["items"]
        items = [
            BulkItem(id_of(index, item.id), Request(item.operation, item.params, item.payload), sent[index], None)
            for index, item in enumerate(form.items)
        ]
        for item in items:
            _prepare(item, principal)
        return BulkWork(principal, form, items)


@dataclass(slots=True)
class BulkWork:
    """A bulk that is of its form."""

    principal: Principal
    form: BulkPayload
    items: list[BulkItem]
    journaled: bool = True

    @property
    def lookups(self) -> Iterable[Lookup[Any]]:
        return (lookup for item in self.items if item.work is not None for lookup in item.work.lookups)

    @property
    def locks(self) -> Collection[Kind[Any]]:
        return {kind for item in self.items if item.operation is not None for kind in item.operation.locks}

    @property
    def set_based(self) -> bool:
        return any(item.operation is not None and item.operation.set_based for item in self.items)

    def execute(self, state: State) -> Result:
        answers: Answers = {}
        with state.attempt(set_based=self.set_based) as undo:
            self._execute_items(state, answers)
            undone = self.form.mode == "atomic" and not all(item.succeeded for item in self.items)
            if undone:
                undo()
        if undone:
            answers.clear()
            for item in self.items:
                item.result = None if item.succeeded else item.result
        return self._result(answers)

    def check_replay(self, stored: Callable[[], Any]) -> None:
        for item, told in zip(self.items, stored()["items"], strict=True):
            if told["status"] in (404, 409, 422) or (told["status"] or 500) < 300:
                assert item.operation is not None
                item.operation.authorise(self.principal)

    def _execute_items(self, state: State, answers: Answers) -> None:
        failed, room = 0, self._room()
        for item in self.items:
            if failed == self.form.stop_after:
                return
            item.result = self._execute(item, state, answers, room)
            if item.succeeded:
                answers[item.id] = item.result.data
            failed += not item.succeeded

    def _room(self) -> "Room":
        """Only what reads are answered can be much larger than what was sent."""
        reads = any(item.operation is not None and not item.operation.locks for item in self.items)
        return Room(self.items if reads else None)

    def _execute(self, item: BulkItem, state: State, answers: Answers, room: "Room") -> Result:
        try:
            work = item.work or self._resolved(item, answers)
            with state.attempt(set_based=work.set_based):
                result = work.execute(state)
            if not room.holds(item, result) and not work.journaled:
                raise Unprocessable("bulk-answer-too-large")
        except Refused as refused:
            result = refusal(refused, None)
        room.take(item, result)
        return result

    def _resolved(self, item: BulkItem, answers: Answers) -> Work:
        if item.refused is not None:
            raise item.refused
        assert item.operation is not None
        request = Request(
            item.request.operation, resolve(item.request.params, answers), resolve(item.request.payload, answers)
        )
        return _work(item.operation, self.principal, request)

    def _result(self, answers: Answers) -> Result:
        succeeded = sum(item.succeeded for item in self.items)
        not_executed = sum(item.result is None for item in self.items)
        failed = len(self.items) - succeeded - not_executed
        data: dict[str, Any] = {"succeeded": succeeded, "failed": failed, "notExecuted": not_executed}
        data["items"] = [_told(index, item) for index, item in enumerate(self.items)]
        if succeeded == len(self.items):
            return Result(200, data)
        data["remainder"] = self._remainder(answers)
        fate: Fate = "partial" if succeeded else "rejected"
        return Result(207, data, fate=fate)

    def _remainder(self, answers: Answers) -> dict[str, Any]:
        """A payload to be sent again: what did not succeed, as it was sent."""
        remainder: dict[str, Any] = {"mode": self.form.mode or "continue"}
        if self.form.stop_after is not None:
            remainder["stopAfter"] = self.form.stop_after
        again = [item for item in self.items if not item.succeeded]
        filled = self._filled_in(again, answers)
        remainder["items"] = [_to_send_again(item, answers if item.id in filled else {}) for item in again]
        return remainder

    def _filled_in(self, again: Sequence[BulkItem], answers: Answers) -> set[str]:
        """Whose references are filled in: as many as fit into the outcome, since few bytes can stand for many."""

        @cache
        def size_of(item_id: str, member: str) -> int:
            body = answers.get(item_id)
            return _length(body[member]) if isinstance(body, dict) and member in body else 0

        growth = {
            item.id: sum(size_of(each["fromItem"], each["member"]) for each in references_in(item.sent))
            for item in again
        }
        if not any(growth.values()):
            return set()
        left = LARGEST_ANSWER - _EVENT_AROUND - sum(_size_of(item, item.result or _TOO_LARGE) for item in self.items)
        filled = set()
        for item_id, size in growth.items():
            if size <= left:
                left -= size
                filled.add(item_id)
        return filled


class Room:
    """What is left of a bulk's outcome, in bytes, for the answers to reads.

    For each item that is still to come, as much is set aside as its refusal takes, and as it will hardly exceed
    if it is a change. Without items, nobody needs to know.
    """

    def __init__(self, items: Sequence[BulkItem] | None) -> None:
        self._set_aside = None if items is None else {item.id: _set_aside_for(item) for item in items}
        self._left = LARGEST_ANSWER - _EVENT_AROUND - sum((self._set_aside or {}).values())

    def holds(self, item: BulkItem, result: Result) -> bool:
        """Whether the item's result fits."""
        return self._set_aside is None or _size_of(item, result) <= self._left + self._set_aside[item.id]

    def take(self, item: BulkItem, result: Result) -> None:
        """The item's result is told, and the item again in the remainder if it did not succeed."""
        if self._set_aside is not None:
            self._left += self._set_aside[item.id] - _size_of(item, result)


_TOO_LARGE = refusal(Unprocessable("bulk-answer-too-large"), None)
_ANSWER_BEYOND_WHAT_WAS_SENT = 1024


def _set_aside_for(item: BulkItem) -> int:
    changes = item.operation is not None and item.operation.locks
    return _size_of(item, _TOO_LARGE) + (_ANSWER_BEYOND_WHAT_WAS_SENT if changes else 0)


def _size_of(item: BulkItem, result: Result) -> int:
    told: list[Any] = [_ITEM_AROUND, item.id, result.reason, result.data]
    if result.status >= 300:
        told.append({"id": item.id} | item.sent)
    return _length(told)


def _length(value: Any) -> int:
    """Of the value as JSON, in bytes."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_written).encode())


def _written(number: Number) -> str:
    return number.text


def _prepare(item: BulkItem, principal: Principal) -> None:
    """Check as far as nothing has to be executed before."""
    item.operation = OPERATIONS.get(item.request.operation)
    try:
        if item.operation is None:
            raise BadRequest("the operation is not known", "unknown-operation")
        item.operation.authorise(principal)
        if not references_in(item.request.params) and not references_in(item.request.payload):
            item.work = _work(item.operation, principal, item.request)
    except Refused as refused:
        item.refused = refused


def _work(operation: Operation, principal: Principal, request: Request) -> Work:
    params = {} if request.params is ABSENT else request.params
    return operation.prepare(principal, Request(request.operation, params, request.payload))


def _told(index: int, item: BulkItem) -> dict[str, Any]:
    told: dict[str, Any] = {"index": index, "id": item.id, "status": None}
    if item.result is not None:
        told["status"] = item.result.status
        if item.result.reason is not None:
            told["reason"] = item.result.reason
            told["retryable"] = False
        if item.result.data is not None:
            told["data"] = item.result.data
    return told


def _to_send_again(item: BulkItem, answers: Answers) -> dict[str, Any]:
    filled = {
        name: fill_in(value, answers) if name in ("params", "payload") else value for name, value in item.sent.items()
    }
    return {"id": item.id} | filled | {"id": item.id}


OPERATIONS[BULK] = BulkOperation(
    name=BULK, status=200, function=bulk_of, params=NoParams, payload=BulkPayload, largest=LARGEST_BULK
)
