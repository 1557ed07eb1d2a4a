"""A `domain.source.Source` in memory: what a database is to the rules, without one."""

import copy
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from domain.resources import Kind, Lookup, R
from domain.shelf import Changes


class Memory:
    """The resources of all tenants."""

    def __init__(self) -> None:
        self.resources: dict[tuple[str, str], dict[Hashable, Any]] = {}
        self.last_ids: dict[tuple[str, str], int] = {}
        self.stamp = 0

    def source(self, tenant: str) -> "MemorySource":
        return MemorySource(self, tenant)


class MemorySource:
    """One tenant's part of the memory."""

    def __init__(self, memory: Memory, tenant: str) -> None:
        self._memory = memory
        self._tenant = tenant
        self.loads: list[Lookup[Any]] = []
        """What it was asked, for tests of what is asked twice."""
        self.newest_counts: list[int] = []

    def load(self, lookup: Lookup[R]) -> Sequence[R]:
        self.loads.append(lookup)
        return self._found(lookup)

    def keep_alive(self) -> None:
        """Nobody waits for it."""

    def newest(self, lookup: Lookup[R], count: int) -> Sequence[R]:
        self.newest_counts.append(count)
        return sorted(self._found(lookup), key=lambda resource: -vars(resource)["created"])[:count]

    def last_id(self, kind: Kind[Any]) -> int:
        return self._memory.last_ids.get((self._tenant, kind.name), 0)

    def creation_stamp(self) -> int:
        self._memory.stamp += 1
        return self._memory.stamp

    def write(self, changes: Sequence[Changes], last_ids: Mapping[str, int]) -> None:
        for change in changes:
            held = self._held(change.kind)
            for removed in change.removed:
                del held[getattr(removed, change.kind.key)]
            for before, after in change.updated:
                del held[getattr(before, change.kind.key)]
                held[getattr(after, change.kind.key)] = after
            for added in change.added:
                key = getattr(added, change.kind.key)
                assert key not in held, "added twice"
                held[key] = added
            self._check_unique(change.kind)
        for name, last in last_ids.items():
            self._memory.last_ids[self._tenant, name] = last

    def update_all(self, lookup: Lookup[Any], fields: Mapping[str, Any]) -> int:
        found = self._found(lookup)
        held = self._held(lookup.kind)
        for resource in found:
            held[getattr(resource, lookup.kind.key)] = resource.model_copy(update=dict(fields))
        return len(found)

    @contextmanager
    def savepoint(self) -> Iterator[Callable[[], None]]:
        before = copy.deepcopy((self._memory.resources, self._memory.last_ids))

        def go_back() -> None:
            self._memory.resources, self._memory.last_ids = before

        yield go_back

    def _held(self, kind: Kind[R]) -> dict[Hashable, R]:
        return self._memory.resources.setdefault((self._tenant, kind.name), {})

    def _found(self, lookup: Lookup[R]) -> list[R]:
        wanted = dict(zip(lookup.fields, lookup.values, strict=True))
        held = self._held(lookup.kind).values()
        return [each for each in held if wanted.items() <= vars(each).items()]

    def _check_unique(self, kind: Kind[Any]) -> None:
        for fields in kind.unique:
            # What is None or false is nobody's: an imsi not given, a profile that is no default.
            values = [tuple(vars(each)[name] for name in fields) for each in self._held(kind).values()]
            taken = [value for value in values if all(part not in (None, False) for part in value)]
            assert len(taken) == len(set(taken)), f"{fields} must be unique"
