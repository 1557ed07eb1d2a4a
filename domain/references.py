"""References between the items of a bulk: an object that stands for a member of an earlier item's answer."""

from collections.abc import Callable
from typing import Any

from domain.errors import Unprocessable

_MEMBERS = {"fromItem", "member"}

Answers = dict[str, Any]
"""The response bodies of the items that succeeded so far, by item id."""


def references_in(value: Any) -> list[Any]:
    """All references within the value, in any order; the value as a whole is none."""
    found, left = [], [value]
    while left:
        outer = left.pop()
        inside = outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ()
        for inner in inside:
            if _is_reference(inner):
                found.append(inner)
            elif type(inner) is dict or type(inner) is list:
                left.append(inner)
    return found


def resolve(value: Any, answers: Answers) -> Any:
    """The value with what its references stand for. Raises Unprocessable."""

    def answer(reference: Any) -> Any:
        body = answers.get(reference["fromItem"])
        if not isinstance(body, dict) or reference["member"] not in body:
            raise Unprocessable("item-reference")
        return body[reference["member"]]

    return _within(value, answer)


def fill_in(value: Any, answers: Answers) -> Any:
    """The value with what those of its references stand for that can be resolved; the others stay."""

    def answer(reference: Any) -> Any:
        body = answers.get(reference["fromItem"])
        return body.get(reference["member"], reference) if isinstance(body, dict) else reference

    return _within(value, answer)


def _within(value: Any, replace: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(inner, replace) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, replace) for inner in value]
    return value


def _replaced(value: Any, replace: Callable[[Any], Any]) -> Any:
    return replace(value) if _is_reference(value) else _within(value, replace)


def _is_reference(value: Any) -> bool:
    return (
        isinstance(value, dict) and value.keys() == _MEMBERS and all(isinstance(each, str) for each in value.values())
    )
