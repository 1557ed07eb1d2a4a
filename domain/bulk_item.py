"""One operation of a bulk, on its way to a result."""

from dataclasses import dataclass
from typing import Any

from domain.errors import CATALOGUE, BadRequest, Refused
from domain.operations import OPERATIONS, Operation, Work
from domain.permissions import Principal
from domain.references import Answers, fill_in, references_in, resolve
from domain.requests import Request
from domain.results import Result, refusal


@dataclass(slots=True)
class BulkItem:
    """One item. Once prepared it has its `work`, or is `refused`; neither, where it refers to earlier items."""

    id: str
    request: Request
    sent: dict[str, Any]
    operation: Operation | None = None
    work: Work | None = None
    refused: Result | None = None
    result: Result | None = None

    @property
    def succeeded(self) -> bool:
        return self.result is not None and self.result.status < 300

    def prepare(self, principal: Principal) -> None:
        """Make all checks that need no other item's answer."""
        self.operation = OPERATIONS.get(self.request.operation or "")
        try:
            if self.operation is None:
                raise BadRequest(code="unknown-operation")
            self.operation.authorise(principal)
            if not references_in(self.request.params) and not references_in(self.request.payload):
                self.work = self.operation.prepare(principal, self.request)
        except Refused as refused:
            self.refused = refusal(refused, None)

    def resolved(self, principal: Principal, answers: Answers) -> Work:
        """The work of an item that is not refused, its references resolved by these answers. Raises Refused."""
        if self.work is not None:
            return self.work
        assert self.operation is not None
        params, payload = resolve(self.request.params, answers), resolve(self.request.payload, answers)
        return self.operation.prepare(principal, Request(self.request.operation, params, payload))

    def as_json(self, index: int) -> dict[str, Any]:
        """What the bulk's outcome says of it."""
        told: dict[str, Any] = {"index": index, "id": self.id, "status": None}
        if self.result is not None:
            told["status"] = self.result.status
            if self.result.reason is not None:
                told["reason"] = self.result.reason
                told["retryable"] = CATALOGUE[self.result.reason].retryable
            if self.result.data is not None:
                told["data"] = self.result.data
        return told

    def to_send_again(self, answers: Answers | None) -> dict[str, Any]:
        """The item as it was sent, but with an id, and with the references filled in that these answers can fill."""
        filled = self.sent
        if answers is not None:
            filled = {name: fill_in(value, answers) for name, value in self.sent.items()}
        # An id that was given stays where it is; one that was not comes first, and takes the place of a null.
        return filled if self.sent.get("id") is not None else {"id": self.id} | filled | {"id": self.id}
