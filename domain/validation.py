"""From a JSON object to a model, or to the faults of all its fields in the words of the contract."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from domain.errors import BadRequest, Invalid
from domain.fields import Fields, Phrase
from domain.requests import ABSENT

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
    if params is ABSENT:
        params = {}
    if not isinstance(params, dict):
        raise BadRequest("params must be an object")
    try:
        return model.of(params)
    except ValidationError:
        raise BadRequest("; ".join(f"params: {words}" for _, words in faults_of(model, params))) from None


def payload_of(model: type[F], payload: dict[str, Any], params: Fields) -> F:
    """The operation's payload; a field that repeats one of `params` must be equal to it.

    Raises:
        Invalid: with every fault, in the order of the reference's table, unknown members last, as sent.

    """
    try:
        return model.of(payload, context=vars(params))
    except ValidationError:
        raise Invalid(faults_of(model, payload, context=vars(params))) from None


def faults_of(model: type[Fields], sent: Mapping[str, Any], context: dict[str, Any] | None = None) -> list[Fault]:
    """All that is wrong with what was sent, in the order of the model's fields, unknown members last, as sent."""
    known, unknown = sort_out(model, sent)
    return [*faults_of_known(model, known, context), *map(fault_of_unknown, unknown)]


def sort_out(model: type[Fields], sent: Mapping[str, Any]) -> tuple[dict[str, Any], list[Path]]:
    """The known members of what was sent, and the paths of the unknown ones, in the order in which they were sent.

    Found here, since there may be hundreds of thousands: pydantic takes 7 microseconds to tell of one.
    """
    known: dict[str, Any] = {}
    unknown: list[Path] = []

    def within(nested: type[Fields], value: Any, at: Path) -> Any:
        if not isinstance(value, dict):
            return value
        inner, found = sort_out(nested, value)
        unknown.extend((*at, *path) for path in found)
        return inner

    nested = _nested(model)
    names = members(model)
    for name, value in sent.items():
        if name not in names:
            unknown.append((name,))
        elif name not in nested:
            known[name] = value
        elif nested[name].in_array:
            elements = enumerate(value) if isinstance(value, list) else ()
            found = [within(nested[name].model, element, (name, index)) for index, element in elements]
            known[name] = found if isinstance(value, list) else value
        else:
            known[name] = within(nested[name].model, value, (name,))
    return known, unknown


def faults_of_known(model: type[Fields], known: Mapping[str, Any], context: dict[str, Any] | None) -> list[Fault]:
    """What is wrong with members that the model knows, told by the phrases of its fields, in their order."""
    try:
        model.of(known, context=context)
    except ValidationError as error:
        return [_fault(model, detail) for detail in error.errors(include_url=False, include_context=False)]
    return []


def fault_of_unknown(path: Path) -> Fault:
    """What is wrong with a member that is not known."""
    field = _spelt(path)
    return field, f"{field} is not a known field"


def _fault(model: type[Fields], detail: ErrorDetails) -> Fault:
    if not detail["loc"]:
        return "", detail["msg"]
    field = _spelt(detail["loc"])
    kind = detail["type"]
    if kind in ("left_out", "other_than_params", "no_bulk"):
        return field, f"{field} must be {detail['msg']}"
    element = isinstance(detail["loc"][-1], int)  # null in an array is there, and of the wrong form
    if kind == "missing" or (detail["input"] is None and model.null_is_missing and not element):
        return field, f"{field} is mandatory"
    return field, f"{field} must be {_phrase(model, detail['loc'])}"


def _spelt(path: Path) -> str:
    spelt = str(path[0])
    for part in path[1:]:
        spelt += f"[{part}]" if isinstance(part, int) else f".{part}"
    return spelt


class _Nested(NamedTuple):
    """What a field holds that has fields of its own: one such object, or an array of them."""

    model: type[Fields]
    in_array: bool


@cache
def _nested(model: type[BaseModel]) -> Mapping[str, _Nested]:
    found = {}
    for name, annotation in members(model).items():
        parts = list(_parts(annotation))
        models = [part for part in parts if isinstance(part, type) and issubclass(part, Fields)]
        if models:
            found[name] = _Nested(models[0], in_array=any(get_origin(part) is list for part in parts))
    return found


@cache
def _phrase(model: type[BaseModel], path: Path) -> str:
    name, *rest = path
    parts = list(_parts(members(model)[str(name)]))
    inner = tuple(part for part in rest if isinstance(part, str))
    if inner:
        return _phrase(_nested(model)[str(name)].model, inner)
    words = None if rest else next((part.words for part in parts if isinstance(part, Phrase)), None)
    return words or "an object"


@cache
def members(model: type[BaseModel]) -> Mapping[str, Any]:
    """The types of a model's fields, by the names that they have in JSON."""
    return {field.alias or name: (field.annotation, *field.metadata) for name, field in model.model_fields.items()}


def _parts(annotation: Any) -> Iterator[Any]:
    """The annotation and all that it is made of, outermost first."""
    yield annotation
    inner = annotation if isinstance(annotation, tuple) else get_args(annotation)
    for part in inner:
        yield from _parts(part)
