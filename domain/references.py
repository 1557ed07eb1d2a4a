"""References between the items of a bulk: an object that stands for a member of an earlier item's answer."""

from collections.abc import Callable
from typing import Any, NamedTuple

from domain.errors import Unprocessable
from domain.requests import ABSENT

_MEMBERS = {"fromItem", "member"}

Answers = dict[str, Any]
"""The response bodies of the items that succeeded so far, by item id."""


class Reference(NamedTuple):
    """What stands for a member of an item's answer."""

    item_id: str
    member: str

    def among(self, answers: Answers, otherwise: Any) -> Any:
        """What it stands for, or that other where it cannot be resolved."""
        body = answers.get(self.item_id)
        return body.get(self.member, otherwise) if isinstance(body, dict) else otherwise


def references_in(value: Any) -> list[Reference]:
    """All references within the value, in any order; the value as a whole is none."""
    found: list[Reference] = []
    left = [value]
    while left:
        outer = left.pop()
        inside = outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ()
        for inner in inside:
            if reference := _reference(inner):
                found.append(reference)
            elif type(inner) is dict or type(inner) is list:
                left.append(inner)
    return found


def resolve(value: Any, answers: Answers) -> Any:
    """The value with what its references stand for. Raises Unprocessable."""

    def answer(reference: Reference, _sent: Any) -> Any:
        found = reference.among(answers, ABSENT)
        if found is ABSENT:
            raise Unprocessable("item-reference")
        return found

    return _within(value, answer)


def fill_in(value: Any, answers: Answers) -> Any:
    """The value with what those of its references stand for that can be resolved; the others stay."""
    return _within(value, lambda reference, sent: reference.among(answers, sent))


def _within(value: Any, replace: Callable[[Reference, Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(inner, replace) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, replace) for inner in value]
    return value


def _replaced(value: Any, replace: Callable[[Reference, Any], Any]) -> Any:
    reference = _reference(value)
    return _within(value, replace) if reference is None else replace(reference, value)


def _reference(value: Any) -> Reference | None:
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        return None
    reference = Reference(value["fromItem"], value["member"])
    return reference if all(isinstance(each, str) for each in reference) else None
