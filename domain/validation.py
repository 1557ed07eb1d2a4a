"""From a JSON object to a model, or to the faults of all its fields in the words of the contract."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from domain.errors import BadRequest, Invalid
from domain.fields import Fields, Phrase

F = TypeVar("F", bound=Fields)

Fault = tuple[str, str]
"""A field, with dots where it is nested, and what is wrong with it."""

Path = tuple[int | str, ...]
"""Names of members, and places in arrays, from the outermost inwards."""


def params_of(model: type[F], params: Any) -> F:
    """The operation's URL parameters.

    Raises:
        BadRequest: they are not an object, or a member is missing, unknown or not of its form.

    """
    if not isinstance(params, dict):
        raise BadRequest("params must be an object")
    try:
        return model.of(params)
    except ValidationError as error:
        raise BadRequest("; ".join(f"params: {words}" for _, words in faults_of(model, error, params))) from None


def payload_of(model: type[F], payload: dict[str, Any], params: Fields) -> F:
    """The operation's payload; a field that repeats one of `params` must be equal to it.

    Raises:
        Invalid: with every fault, in the order of the reference's table, unknown members last, as sent.

    """
    try:
        return model.of(payload, context=vars(params))
    except ValidationError as error:
        raise Invalid(faults_of(model, error, payload)) from None


def faults_of(model: type[Fields], error: ValidationError, sent: Mapping[str, Any]) -> list[Fault]:
    """What `error` says of what was sent, told by the phrases of the model's fields, unknown members last, as sent."""
    details = error.errors(include_url=False, include_context=False)
    known = [detail for detail in details if not _is_unknown(detail)]
    unknown = [detail for detail in details if _is_unknown(detail)]
    if len(unknown) > 1:
        place_of = _places(sent)
        unknown.sort(key=lambda detail: place_of(detail["loc"]))
    return [_fault(model, detail) for detail in (*known, *unknown)]


def _places(sent: Mapping[str, Any]) -> Callable[[Path], list[int]]:
    """A key by which the paths of members stand in the order in which they were sent."""
    orders: dict[int, dict[str, int]] = {}

    def place_of(path: Path) -> list[int]:
        place, value = [], sent
        for part in path:
            if isinstance(part, int):
                place.append(part)
            else:
                if id(value) not in orders:
                    orders[id(value)] = {name: number for number, name in enumerate(value)}
                place.append(orders[id(value)][part])
            value = value[part]  # type: ignore[index]  # a list's elements by their number
        return place

    return place_of


def _fault(model: type[Fields], detail: ErrorDetails) -> Fault:
    if not detail["loc"]:
        return "", detail["msg"]
    first, *rest = detail["loc"]
    field = str(first) + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)
    kind = detail["type"]
    if _is_unknown(detail):
        return field, f"{field} is not a known field"
    if kind in ("left_out", "other_than_params", "no_bulk"):
        return field, f"{field} must be {detail['msg']}"
    element = isinstance(detail["loc"][-1], int)  # null in an array is there, and of the wrong form
    if kind == "missing" or (detail["input"] is None and model.null_is_missing and not element):
        return field, f"{field} is mandatory"
    return field, f"{field} must be {_phrase(model, detail['loc'])}"


def _is_unknown(detail: ErrorDetails) -> bool:
    return detail["type"] == "extra_forbidden"


@cache
def _phrase(model: type[BaseModel], path: Path) -> str:
    name, *rest = path
    parts = list(_parts(_annotations(model)[str(name)]))
    inner = tuple(part for part in rest if isinstance(part, str))
    if inner:
        nested = next(part for part in parts if isinstance(part, type) and issubclass(part, BaseModel))
        return _phrase(nested, inner)
    words = None if rest else next((part.words for part in parts if isinstance(part, Phrase)), None)
    return words or "an object"


@cache
def _annotations(model: type[BaseModel]) -> Mapping[str, Any]:
    """Types by the name that the field has in JSON."""
    return {field.alias or name: (field.annotation, *field.metadata) for name, field in model.model_fields.items()}


def _parts(annotation: Any) -> Iterator[Any]:
    """The annotation and all that it is made of, outermost first."""
    yield annotation
    inner = annotation if isinstance(annotation, tuple) else get_args(annotation)
    for part in inner:
        yield from _parts(part)
