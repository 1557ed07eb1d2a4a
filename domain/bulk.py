"""bulk.execute: many operations as one command, each of them with an outcome of its own.

An item goes the way of a command of its own: the same checks, rules, words and codes.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from domain.bulk_form import BULK, BulkPayload, bulk_of, id_of
from domain.bulk_item import BulkItem
from domain.bulk_size import Room, filled_in
from domain.errors import Refused, Unprocessable
from domain.operations import OPERATIONS, NoParams, Operation, Work
from domain.permissions import Principal
from domain.references import Answers
from domain.requests import LARGEST_BULK, Request
from domain.resources import Kind, Lookup
from domain.results import Fate, Result, refusal, was_executed
from domain.state import State
from domain.validation import params_of


@dataclass(frozen=True, kw_only=True)
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
            BulkItem(id_of(index, item.id), Request(item.operation, item.params, item.payload), sent[index])
            for index, item in enumerate(form.items)
        ]
        for item in items:
            item.prepare(principal)
        return BulkWork(principal, form, items)


@dataclass(slots=True)
class BulkWork:
    """A bulk that is of its form."""

    principal: Principal
    form: BulkPayload
    items: list[BulkItem]
    journaled: ClassVar[bool] = True

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
        """The outcome needs the permissions of the items that were executed."""
        for item, told in zip(self.items, stored()["items"], strict=True):
            if told["status"] is not None and was_executed(told["status"]):
                assert item.operation is not None
                item.operation.authorise(self.principal)

    def _execute_items(self, state: State, answers: Answers) -> None:
        failed, room = 0, self._room()
        for item in self.items:
            if failed == self.form.stop_after:
                return
            state.keep_alive()
            item.result = self._execute(item, state, answers, room)
            if item.succeeded:
                answers[item.id] = item.result.data
            failed += not item.succeeded

    def _room(self) -> Room:
        """Only what reads are answered can be much larger than what was sent."""
        reads = any(item.operation is not None and item.operation.reads for item in self.items)
        return Room(self.items if reads else None)

    def _execute(self, item: BulkItem, state: State, answers: Answers, room: Room) -> Result:
        result = item.refused or self._decide(item, state, answers, room)
        room.take(item, result)
        return result

    def _decide(self, item: BulkItem, state: State, answers: Answers, room: Room) -> Result:
        try:
            work = item.resolved(self.principal, answers)
            with state.attempt(set_based=work.set_based):
                result = work.execute(state)
            if not room.holds(item, result) and not work.journaled:
                raise Unprocessable("bulk-answer-too-large")
        except Refused as refused:
            return refusal(refused, None)
        return result

    def _result(self, answers: Answers) -> Result:
        succeeded = sum(item.succeeded for item in self.items)
        not_executed = sum(item.result is None for item in self.items)
        failed = len(self.items) - succeeded - not_executed
        data: dict[str, Any] = {"succeeded": succeeded, "failed": failed, "notExecuted": not_executed}
        data["items"] = [item.as_json(index) for index, item in enumerate(self.items)]
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
        filled = filled_in(self.items, answers)
        remainder["items"] = [item.to_send_again(answers if item.id in filled else None) for item in again]
        return remainder


OPERATIONS[BULK] = BulkOperation(name=BULK, status=200, params=NoParams, payload=BulkPayload, largest=LARGEST_BULK)
