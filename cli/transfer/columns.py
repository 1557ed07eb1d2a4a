"""The columns of a file of rows for one operation: which there can be, and the item that a row becomes.

A column is a field of the operation's payload, with dots where it is nested, or one of its params. A field that is
both goes to both. Types, mandatory fields and names come from the operation's own models.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from domain.fields import Fields
from domain.operations import Operation
from spcm_client import BulkItem

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")


class WrongHeader(ValueError):
    """Raised where a header's columns are not the operation's; its words say why."""


@dataclass(slots=True)
class Column:
    """A column: whether it goes to the params, where in the payload it goes, and what its text stands for."""

    name: str
    in_params: bool = False
    path: tuple[str, ...] = ()
    mandatory: bool = False
    read: Callable[[str], Any] | None = None


def columns_of(operation: Operation) -> dict[str, Column]:
    """Every column that there can be, by name, in the order of the reference."""
    columns: dict[str, Column] = {}
    for path, types, mandatory in _leaves(operation.payload) if operation.payload else ():
        name = ".".join(path)
        columns[name] = Column(name, path=path, mandatory=mandatory, read=_reader(types))
    for path, types, mandatory in _leaves(operation.params):
        column = columns.setdefault(path[0], Column(path[0], read=_reader(types)))
        column.in_params = True
        column.mandatory |= mandatory
    return columns


class RowReader:
    """Makes items from the rows under one header."""

    def __init__(self, operation: Operation, header: Sequence[str | None]) -> None:
        """Raises WrongHeader."""
        known = columns_of(operation)
        _check(operation, header, known)
        self._operation = operation.name
        columns = [known[name] for name in header if name is not None]
        # As tuples, since they are taken apart once for each cell.
        self._columns = [(each.name, each.read, each.in_params, each.path, len(each.path) > 1) for each in columns]
        # On create null is the same as nothing; elsewhere it unsets a field.
        self._nulls = not operation.name.endswith(".create")
        self._has_payload = any(column.path for column in columns)

    def item(self, cells: Sequence[str | None], **more: Any) -> BulkItem:
        """The item of a row that has as many cells as the header; `more` are the item's id and note."""
        params: dict[str, Any] = {}
        payload: dict[str, Any] = {}
        for (name, read, in_params, path, nested), cell in zip(self._columns, cells, strict=True):
            if cell is None:
                if self._nulls and path:
                    put(payload, path, None)
                continue
            value = cell if read is None else read(cell)
            if in_params:
                params[name] = value
            if nested:
                put(payload, path, value)
            elif path:
                payload[name] = value
        return BulkItem(self._operation, params or None, payload if self._has_payload else None, **more)


def item_of(operation: Operation, columns: Mapping[str, Column], fields: Mapping[str, Any], **more: Any) -> BulkItem:
    """The item of a JSON object with the fields of a row; what is no param goes to the payload as it is."""
    params = {name: value for name, value in fields.items() if name in columns and columns[name].in_params}
    payload = {name: value for name, value in fields.items() if name not in params or columns[name].path}
    given = {name: value for name, value in params.items() if value is not None}
    return BulkItem(operation.name, given or None, payload if operation.payload or payload else None, **more)


def _check(operation: Operation, header: Sequence[str | None], known: Mapping[str, Column]) -> None:
    if None in header or "" in header:
        raise WrongHeader(f"column {[name or '' for name in header].index('') + 1} has no name")
    unknown = [name for name in header if name not in known]
    if unknown:
        more = f" (and {len(unknown) - 1} more unknown)" if len(unknown) > 1 else ""
        columns = ", ".join(known) or "none"
        raise WrongHeader(f"{operation.name} has no column {_shortened(unknown[0])}{more}; its columns are {columns}")
    repeated = next((name for place, name in enumerate(header) if name in header[:place]), None)
    if repeated is not None:
        raise WrongHeader(f"the column {repeated} is there twice")
    missing = [column.name for column in known.values() if column.mandatory and column.name not in header]
    if missing:
        raise WrongHeader(f"{operation.name} needs the column {' and the column '.join(missing)}")


def _shortened(name: str | None) -> str:
    text = repr(name)
    return text if len(text) <= 60 else f"{text[:60]}..."


def put(payload: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set the member at the path, within objects that are made where there are none."""
    for name in path[:-1]:
        payload = payload.setdefault(name, {})
    payload[path[-1]] = value


def _leaves(model: type[Fields]) -> Iterator[tuple[tuple[str, ...], set[type], bool]]:
    """Fields that can be given, each with its path, the types that it may have, and whether it is mandatory."""
    for name, field in model.model_fields.items():
        alias = field.alias or name
        types = set(_types(field.annotation)) - {type(None)}
        nested = next((each for each in types if issubclass(each, Fields)), None)
        if nested is not None:
            for path, inner, mandatory in _leaves(nested):
                yield (alias, *path), inner, mandatory and field.is_required()
        elif types:
            yield (alias,), types, field.is_required()


def _types(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type):
        yield annotation
    for inner in get_args(annotation):
        yield from _types(inner) if not isinstance(inner, str) else (str,)


def _reader(types: set[type]) -> Callable[[str], Any] | None:
    """None for text, which stands for itself."""
    if bool in types:
        return _boolean
    return _integer if int in types else None


def _boolean(text: str) -> Any:
    # What is neither goes on as text, and is refused like any other wrong value.
    return {"true": True, "false": False}.get(text, text)


def _integer(text: str) -> Any:
    return int(text) if _INTEGER.fullmatch(text) else text
