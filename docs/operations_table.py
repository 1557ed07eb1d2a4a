"""Writes the tables of docs/reference.md: operations, params and fields, as the program itself has them.

    python docs/operations_table.py

A table stands between two comments that bear its name. What a field must be is asked of the program: it is sent a
wrong value, and the refusal's own words are written down.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))


from domain.catalog import OPERATIONS
from domain.fields import Fields
from domain.operations import Operation
from domain.pcc_profiles import NewPccProfile, PccProfile
from domain.plan_definitions import NewPlanDefinition, PlanDefinition
from domain.provisioning_profiles import NewProvisioningProfile, ProvisioningProfile
from domain.resources import Resource
from domain.subscribers import NewSubscriber, Subscriber
from domain.validation import faults_of, members

REFERENCE = Path(__file__).parent / "reference.md"

_WRONG: list[Any] = []
"""A value that no field takes."""


def operations_table() -> str:
    """All operations: what they need, and what they answer when they succeed."""
    rows = [
        (
            f"`{each.name}`",
            ", ".join(_param(name, each) for name in members(each.params)),
            "yes" if each.payload else "",
            str(each.status),
            f"`{each.permission.name}`" if each.permission else "those of its items",
            f"`{_subject(each)}`" if _subject(each) else "",
        )
        for each in sorted(OPERATIONS.values(), key=lambda each: each.permission is None)
    ]
    return markdown_table(("operation", "params", "payload", "success", "permission", "subject"), rows)


def params_table() -> str:
    """What each param must be, and which operations have it."""
    users: dict[tuple[str, str], list[str]] = {}
    for each in OPERATIONS.values():
        for name, words in _must_be(each.params).items():
            users.setdefault((name, words), []).append(f"`{each.name}`")
    return markdown_table(
        ("param", "must be", "operations"),
        [(f"`{name}`", words, ", ".join(names)) for (name, words), names in users.items()],
    )


def fields_table(new: type[Fields], kept: type[Resource]) -> str:
    """The fields of a create's payload, in the order in which faults are told."""
    return markdown_table(("field", "must be", "on create"), list(_field_rows(new, kept)))


TABLES: Mapping[str, Callable[[], str]] = {
    "operations": operations_table,
    "params": params_table,
    "provisioning profile": lambda: fields_table(NewProvisioningProfile, ProvisioningProfile),
    "plan definition": lambda: fields_table(NewPlanDefinition, PlanDefinition),
    "pcc profile": lambda: fields_table(NewPccProfile, PccProfile),
    "subscriber": lambda: fields_table(NewSubscriber, Subscriber),
}


def with_tables(text: str, tables: Mapping[str, Callable[[], str]] = TABLES) -> str:
    """The document with its tables as they must be now. Raises ValueError where one has no place in it."""
    for name, make in tables.items():
        begin, end = f"<!-- table: {name} -->\n", f"<!-- end of table: {name} -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"no place for the table {name}")
        text = f"{before}{begin}\n{make()}\n{end}{after}"
    return text


def _field_rows(new: type[Fields], kept: type[Resource], at: str = "") -> Iterator[tuple[str, str, str]]:
    mandatory = {field for field, words in faults_of(new, {}) if words.endswith(" is mandatory")}
    nested = {field.alias or name: _nested(field.annotation) for name, field in new.model_fields.items()}
    for name, words in _must_be(new).items():
        if words == "left out":
            on_create = "refused"
        else:
            on_create = "mandatory" if name in mandatory else f"optional{_default(kept, name, at)}"
        yield f"`{at}{name}`", words, on_create
        inner = nested.get(name)
        if inner is not None:
            yield from _field_rows(inner, kept, at=f"{at}{name}.")


def _default(kept: type[Resource], name: str, at: str) -> str:
    defaults = {
        field.alias or key: field.default for key, field in kept.model_fields.items() if not field.is_required()
    }
    value = None if at else defaults.get(name)
    return "" if value is None else f", default `{json.dumps(value).strip(chr(34))}`"


def _nested(annotation: Any) -> type[Fields] | None:
    found = [each for each in (annotation, *getattr(annotation, "__args__", ())) if isinstance(each, type)]
    return next((each for each in found if issubclass(each, Fields)), None)


def _must_be(model: type[Fields]) -> dict[str, str]:
    """The words for each field, in the model's order."""
    told = faults_of(model, dict.fromkeys(members(model), _WRONG))
    return {field: words.removeprefix(f"{field} must be ") for field, words in told}


def _param(name: str, operation: Operation) -> str:
    mandatory = any(field == name for field, _ in faults_of(operation.params, {}))
    return f"`{name}`" if mandatory else f"`{name}`?"


def _subject(operation: Operation) -> str:
    """The subject with the names that params have in JSON, and `id` for what was created."""
    subject = operation.created or operation.subject or ""
    for name, field in operation.params.model_fields.items():
        subject = subject.replace(f"{{at.{name}}}", f"{{{field.alias or name}}}")
    return subject.replace("{data[id]}", "{id}")


def markdown_table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(titles)]
    lines += [["---"] * len(lines[0]), *(list(row) for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    REFERENCE.write_text(with_tables(REFERENCE.read_text()))
