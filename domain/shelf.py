"""The resources of one kind and tenant that a batch has in memory."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic

from domain.resources import Kind, Lookup, R


@dataclass(slots=True)
class Changes:
    """What a batch changed of one kind, to be written; `updated` holds (before, after)."""

    kind: Kind[Any]
    removed: list[Any] = field(default_factory=list)
    updated: list[tuple[Any, Any]] = field(default_factory=list)
    added: list[Any] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.removed or self.updated or self.added)


class Shelf(Generic[R]):
    """Resources by key, and by every combination of fields that a lookup has asked for.

    Memory wins: what is here already is not replaced by what the database still has.
    """

    def __init__(self, kind: Kind[R]) -> None:
        self.kind = kind
        self._before: dict[Hashable, R | None] = {}
        """What the changed ones were before the first change that is not yet written."""
        self._resources: dict[Hashable, R | None] = {}
        self._answered: set[Lookup[R]] = set()
        self._indexes: dict[tuple[str, ...], dict[Hashable, set[Hashable]]] = {}

    def knows(self, lookup: Lookup[R]) -> bool:
        """Whether the database need not be asked."""
        if lookup.fields == (self.kind.key,):
            return lookup.values[0] in self._resources
        return lookup in self._answered

    def absorb(self, lookup: Lookup[R], found: Iterable[R]) -> None:
        """Take in all that the database has for the lookup, which then is known."""
        self.learn(found)
        if lookup.fields == (self.kind.key,):
            self._resources.setdefault(lookup.values[0], None)
        else:
            self._answered.add(lookup)

    def learn(self, found: Iterable[R]) -> None:
        """Take in resources that are not here yet."""
        for resource in found:
            key = getattr(resource, self.kind.key)
            if key not in self._resources:
                self._put(key, resource)

    def has(self, resource: R) -> bool:
        """Whether its key is here, if only as one that was removed: then the database's row is out of date."""
        return getattr(resource, self.kind.key) in self._resources

    def matches(self, lookup: Lookup[R]) -> list[R]:
        """What here has the lookup's values, in the order of the key."""
        keys: Iterable[Any] = self._index(lookup.fields).get(lookup.values, ())
        return [resource for key in sorted(keys) if (resource := self._resources[key]) is not None]

    def match(self, lookup: Lookup[R]) -> R | None:
        """What here has the lookup's values, of which there can be only one."""
        if lookup.fields == (self.kind.key,):
            return self._resources.get(lookup.values[0])
        keys = self._index(lookup.fields).get(lookup.values)
        return self._resources[min(keys)] if keys else None  # type: ignore[type-var]  # keys are of one type

    def place(self, key: Hashable, resource: R | None) -> Callable[[], None]:
        """Put the resource here, or remove it; returns the way back."""
        before = self._resources.get(key)
        self._before.setdefault(key, before)
        self._put(key, resource)
        return lambda: self._put(key, before)

    def take_changes(self) -> Changes:
        """What differs from the database; from now on it counts as written."""
        changes = Changes(self.kind)
        for key, before in self._before.items():
            after = self._resources[key]
            if before is after:
                continue
            if after is None:
                changes.removed.append(before)
            elif before is None:
                changes.added.append(after)
            else:
                changes.updated.append((before, after))
        self._before.clear()
        return changes

    def _index(self, fields: tuple[str, ...]) -> dict[Hashable, set[Hashable]]:
        if fields not in self._indexes:
            index = self._indexes[fields] = {}
            for key, resource in self._resources.items():
                if resource is not None:
                    index.setdefault(_values(resource, fields), set()).add(key)
        return self._indexes[fields]

    def _put(self, key: Hashable, resource: R | None) -> None:
        before = self._resources.get(key)
        for fields, index in self._indexes.items():
            if before is not None:
                index[_values(before, fields)].discard(key)
            if resource is not None:
                index.setdefault(_values(resource, fields), set()).add(key)
        self._resources[key] = resource


def _values(resource: Any, fields: tuple[str, ...]) -> tuple[Hashable, ...]:
    held = vars(resource)
    return tuple([held[name] for name in fields])
