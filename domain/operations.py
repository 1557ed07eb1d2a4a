"""The table of operations: each is declared once, as a function and what is to be known about it.

The declaration is all there is: documents, schemas, the batch engine and the tests' parametrisation read this table.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar, get_type_hints

from domain.errors import BadRequest, Forbidden, Refused
from domain.fields import Fields
from domain.permissions import Permission, Principal
from domain.requests import ABSENT, LARGEST_COMMAND, Request
from domain.resources import Kind, Lookup, Resource
from domain.results import Result
from domain.state import State
from domain.validation import params_of, payload_of

F = TypeVar("F", bound=Callable[..., Any])
Needs = Callable[[Any, Any], Iterable[Lookup[Any]]]


class NoParams(Fields):
    """Of an operation without URL parameters."""


class Work(Protocol):
    """A command that passed every check that needs no state."""

    @property
    def lookups(self) -> Iterable[Lookup[Any]]:
        """What it will ask, as far as can be foreseen."""

    @property
    def locks(self) -> Collection[Kind[Any]]:
        """The kinds that it may change, or that must not change meanwhile."""

    @property
    def set_based(self) -> bool:
        """Whether it writes to the database at once, past the state in memory."""

    @property
    def journaled(self) -> bool:
        """Whether its outcome is remembered."""

    def execute(self, state: State) -> Result:
        """Decide it. Raises Refused, and then has changed nothing that an attempt does not undo."""

    def check_replay(self, stored: Callable[[], Any]) -> None:
        """Raises Forbidden where the principal may not see the stored outcome again."""


@dataclass(frozen=True, kw_only=True)
class Operation(ABC):
    """One row of the table."""

    name: str
    status: int
    params: type[Fields]
    payload: type[Fields] | None
    permission: Permission | None = None
    subject: str | None = None
    created: str | None = None
    needs: Needs = lambda _at, _payload: ()
    locks: tuple[Kind[Any], ...] = ()
    set_based: bool = False
    largest: int = LARGEST_COMMAND

    @property
    def reads(self) -> bool:
        """Whether it locks nothing, since it changes nothing; what a bulk does, its items know."""
        return not self.locks

    def authorise(self, principal: Principal) -> None:
        """Raises Forbidden where the principal lacks the permission."""
        if self.permission is not None and self.permission not in principal.permissions:
            raise Forbidden

    @abstractmethod
    def prepare(self, principal: Principal, request: Request) -> Work:
        """Check params and payload. Raises BadRequest or Invalid."""

    def check_payload(self, request: Request) -> None:
        """Raises BadRequest where a payload is missing, is no object, or is given to an operation without one."""
        payload = request.payload
        if payload is not ABSENT and not isinstance(payload, dict):
            raise BadRequest("payload must be an object")
        if self.payload is None and payload:
            raise BadRequest("payload must be left out: the operation has none")
        if self.payload is not None and payload is ABSENT:
            raise BadRequest("payload is mandatory")

    def items_in(self, request: Request) -> int:  # noqa: ARG002
        """How many bulk items the request seems to hold, before it is checked."""
        return 0

    def subject_of(self, params: Any) -> str | None:
        """The resource that a refused command is about, where its params are valid."""
        if self.subject is None:
            return None
        try:
            return self.subject.format(at=params_of(self.params, params))
        except Refused:
            return None


@dataclass(frozen=True, kw_only=True)
class SingleOperation(Operation):
    """An operation on one resource, or on one set of them: a function of params, payload and state."""

    function: Callable[..., Any]

    def prepare(self, _principal: Principal, request: Request) -> Work:
        at = params_of(self.params, request.params)
        self.check_payload(request)
        payload = payload_of(self.payload, request.payload or {}, at) if self.payload else None
        return SingleWork(self, at, payload)


class SingleWork(NamedTuple):
    """A single operation that passed these checks."""

    operation: SingleOperation
    at: Fields
    payload: Fields | None

    @property
    def lookups(self) -> Iterable[Lookup[Any]]:
        return self.operation.needs(self.at, self.payload)

    @property
    def locks(self) -> Collection[Kind[Any]]:
        return self.operation.locks

    @property
    def set_based(self) -> bool:
        return self.operation.set_based

    @property
    def journaled(self) -> bool:
        return not self.operation.reads

    def execute(self, state: State) -> Result:
        operation = self.operation
        arguments = (self.at, state) if self.payload is None else (self.at, self.payload, state)
        answer = operation.function(*arguments)
        data = answer.as_json() if isinstance(answer, Resource) else answer
        subject = operation.created or operation.subject
        return Result(operation.status, data, subject and subject.format(at=self.at, data=data))

    def check_replay(self, stored: Callable[[], Any]) -> None:
        """Nothing beyond the operation's own permission, which was checked already."""


OPERATIONS: dict[str, Operation] = {}


def operation(name: str, permission: Permission, *, status: int = 200, **known: Any) -> Callable[[F], F]:
    """Enter the function in the table; params and payload are the models of its `at` and of its middle parameter."""

    def enter(function: F) -> F:
        params, payload = _models(function)
        OPERATIONS[name] = SingleOperation(
            name=name, permission=permission, status=status, function=function, params=params, payload=payload, **known
        )
        return function

    return enter


def _models(function: Callable[..., Any]) -> tuple[type[Fields], type[Fields] | None]:
    hints: Mapping[str, Any] = get_type_hints(function)
    at, *between, _state = inspect.signature(function).parameters
    return hints[at], hints[between[0]] if between else None
