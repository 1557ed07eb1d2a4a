"""The form of a bulk: what makes the bulk as a whole a 412, told with the item's index."""

import re
from collections.abc import Iterator
from operator import itemgetter
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from domain.errors import Invalid
from domain.fields import GREATEST_INTEGER, NO_NUL, Fields, OperationName, Phrase
from domain.requests import ABSENT
from domain.validation import Fault, Path, fault_of_unknown, faults_of_known, members, sort_out

BULK = "bulk.execute"


def _no_bulk(name: str) -> str:
    if name == BULK:
        raise PydanticCustomError("no_bulk", "an operation other than bulk.execute")
    return name


def _absent_if_null(value: Any) -> Any:
    return ABSENT if value is None else value


ItemId = Annotated[str, Field(min_length=1, max_length=128, pattern=NO_NUL), Phrase("a string of 1 to 128 characters")]


class Item(Fields):
    """One item as it was sent."""

    id: ItemId | None = None
    operation: Annotated[OperationName, AfterValidator(_no_bulk)]
    params: Annotated[Any, AfterValidator(_absent_if_null)] = ABSENT
    payload: Annotated[Any, AfterValidator(_absent_if_null)] = ABSENT


class BulkPayload(Fields):
    """Payload of a bulk."""

    items: Annotated[list[Item], Field(min_length=1, max_length=1000), Phrase("an array of 1 to 1000 items")]
    mode: Annotated[Literal["continue", "atomic"], Phrase("continue or atomic")] | None = None
    stop_after: Annotated[int, Field(ge=1, le=GREATEST_INTEGER), Phrase("an integer from 1")] | None = None


def bulk_of(payload: dict[str, Any]) -> BulkPayload:
    """The bulk. Raises Invalid, with all faults, those of the items in their order, unknown members last."""
    form: BulkPayload | None = None
    faults: list[Fault] = []
    unknown: list[Path] = []
    try:
        form = BulkPayload.of(payload)
    except ValidationError:
        known, unknown = sort_out(BulkPayload, payload)
        faults = faults_of_known(BulkPayload, known, None)
    faulty = {field for field, _ in faults}
    if payload.get("mode") == "atomic" and payload.get("stopAfter") is not None and "stopAfter" not in faulty:
        faults.append(("stopAfter", "stopAfter must be left out where mode is atomic"))
    if "items" not in faulty:
        faults += _repeated_ids(payload["items"], faulty)
    if faults or form is None:
        placed = [(_place(field), (field, words)) for field, words in faults]
        placed += [(_place_of_unknown(path), fault_of_unknown(path)) for path in unknown]
        raise Invalid([fault for _, fault in sorted(placed, key=itemgetter(0))])
    return form


def id_of(index: int, item_id: str | None) -> str:
    """An item's id; the index, as text, where none was given."""
    return str(index) if item_id is None else item_id


def _repeated_ids(items: list[Any], faulty: set[str]) -> Iterator[Fault]:
    """The later of two items with the same id is at fault, also where one of the ids is the default."""
    seen: set[str] = set()
    for index, item in enumerate(items):
        field = f"items[{index}].id"
        if not isinstance(item, dict) or field in faulty:
            continue
        item_id = id_of(index, item.get("id"))
        if item_id in seen:
            yield field, f"{field} must be unique in the bulk"
        seen.add(item_id)


_IN_ITEM = re.compile(r"items\[([0-9]+)\](?:\.(.*))?")
_ORDER = list(members(BulkPayload))
_ORDER_IN_ITEM = [None, *members(Item)]

_Place = tuple[int, int, int]


def _place(field: str) -> _Place:
    """Where a field's fault stands among the others: the order of the reference's table."""
    if match := _IN_ITEM.fullmatch(field):
        return 0, int(match[1]), _ORDER_IN_ITEM.index(match[2])
    return _ORDER.index(field), -1, 0


def _place_of_unknown(path: Path) -> _Place:
    """Behind all that is known, of the item or of the bulk. From the path: there may be hundreds of thousands."""
    _, *in_item = path
    return (0, int(in_item[0]), len(_ORDER_IN_ITEM)) if in_item else (len(_ORDER), -1, 0)
