"""What a tenant owns: how a kind of resource is identified, found and told."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Self, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Resource(BaseModel):
    """One resource as it is kept. Its fields are the columns of its table and, but for excluded ones, its JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True)

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """The resource with these values, by the names of its fields: what the constructor does, in half the time."""
        resource: Self = cls.__pydantic_validator__.validate_python(values, by_name=True)
        return resource

    def as_json(self) -> dict[str, Any]:
        """The resource's JSON, members in the order of the reference."""
        return self.model_dump(by_alias=True)


R = TypeVar("R", bound=Resource)


@dataclass(frozen=True, eq=False)
class Kind(Generic[R]):
    """A kind of resource: its table's name, its model, and what is unique within a tenant.

    `key` identifies a resource for good. No two have the same values in all fields of one of `unique`, unless one of
    these is null or false. Each belongs to one of the kind that it is `within`, which is read and locked first.
    """

    name: str
    model: type[R]
    key: str
    unique: tuple[tuple[str, ...], ...] = ()
    within: "Kind[Any] | None" = None

    @property
    def numbered(self) -> bool:
        """Whether its keys are ids that we give."""
        return self.key == "id"

    def by(self, **values: Hashable) -> "Lookup[R]":
        """All of this kind whose fields have these values; with no values, all of the tenant."""
        return Lookup(self, tuple(values), tuple(values.values()))

    def newest_by(self, **values: Hashable) -> "Lookup[R]":
        """Of these, the one created last; for a kind that has a `created`."""
        return self.by(**values)._replace(newest=True)


class Lookup(NamedTuple, Generic[R]):
    """A question that commands ask, so that a batch can ask the database once for all of them."""

    kind: Kind[R]
    fields: tuple[str, ...]
    values: tuple[Hashable, ...]
    newest: bool = False
