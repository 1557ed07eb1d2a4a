"""One batch's transaction as the domain sees it: a state for each tenant, loaded and written for all at once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from adapters.rows import Rows
from domain.resources import Kind, Lookup, R
from domain.shelf import Changes
from domain.state import Defaults, State

_Asked = Mapping[tuple[Any, ...], Lookup[Any]]
"""Questions of one kind, by tenant and values."""


class _Question(NamedTuple):
    """What lookups of one statement have in common; sorted, the order in which they are asked.

    Parents first: who has locked a plan definition sees its PCC profiles as they are. Then by name and key, in the same
    order in every batch, against deadlocks. Last, lookups of the newest, which lock nothing.
    """

    newest: bool
    within: bool
    kind: str
    fields: tuple[str, ...]


class TenantRepository:
    """One tenant's part of the rows: a `domain.source.Source`."""

    def __init__(self, rows: Rows, tenant: str) -> None:
        self._rows = rows
        self._tenant = tenant
        self.creation_stamp = rows.creation_stamp
        self.keep_alive = rows.keep_alive
        self.savepoint: Any = rows.savepoint

    def load(self, lookup: Lookup[R]) -> Sequence[R]:
        return [resource for _, resource in self._rows.find(lookup, [(self._tenant, *lookup.values)])]

    def newest(self, lookup: Lookup[R], count: int) -> Sequence[R]:
        return self._rows.newest(self._tenant, lookup, count)

    def last_id(self, kind: Kind[Any]) -> int:
        return self._rows.last_id(self._tenant, kind)

    def write(self, changes: Sequence[Changes], last_ids: Mapping[str, int]) -> None:
        for change in changes:
            self._rows.write(change.kind, [(self._tenant, change)])
        self._rows.write_last_ids({self._tenant: last_ids})

    def update_all(self, lookup: Lookup[Any], fields: Mapping[str, Any]) -> int:
        return self._rows.update_all(self._tenant, lookup, fields)


class UnitOfWork:
    """The states of all tenants that a batch is about."""

    def __init__(self, rows: Rows, defaults: Defaults) -> None:
        self._rows = rows
        self._defaults = defaults
        self._states: dict[str, State] = {}

    def state(self, tenant: str) -> State:
        """The tenant's resources as this batch sees them."""
        if tenant not in self._states:
            self._states[tenant] = State(TenantRepository(self._rows, tenant), self._defaults)
        return self._states[tenant]

    def hold_ids(self, kinds: Iterable[tuple[str, Kind[Any]]]) -> None:
        """Let nobody else give ids of these tenants' kinds. Before anything is loaded.

        What is not there yet cannot be locked: another partition could make it between our looking for it and our
        giving a greater id.
        """
        for tenant, kind in sorted(kinds, key=lambda each: (each[0], each[1].name)):
            self.state(tenant).hold_ids(kind)

    def prefetch(self, wanted: Iterable[tuple[str, Lookup[Any]]]) -> None:
        """Load what these tenants' commands will ask: one statement for each kind of question."""
        alike: dict[_Question, dict[tuple[Any, ...], Lookup[Any]]] = {}
        for tenant, lookup in wanted:
            question = _Question(lookup.newest, lookup.kind.within is not None, lookup.kind.name, lookup.fields)
            alike.setdefault(question, {})[tenant, *lookup.values] = lookup
        for question in sorted(alike):
            asked = alike[question]
            keys = sorted(asked)
            like = asked[keys[0]]
            found = self._rows.find(like, keys)
            if like.newest:
                self._see(like, asked, found)
            else:
                self._learn(like, asked, found)

    def write(self) -> None:
        """Write all that the tenants' commands changed."""
        changes: dict[Kind[Any], list[tuple[str, Changes]]] = {}
        last_ids: dict[str, Mapping[str, int]] = {}
        for tenant, state in self._states.items():
            changed, last_ids[tenant] = state.take_changes()
            for change in changed:
                changes.setdefault(change.kind, []).append((tenant, change))
        for kind in sorted(changes, key=lambda each: each.name):
            self._rows.write(kind, changes[kind])
        self._rows.write_last_ids(last_ids)

    def _see(self, like: Lookup[R], asked: _Asked, found: Iterable[tuple[str, R]]) -> None:
        newest = {(tenant, *(getattr(each, name) for name in like.fields)): each for tenant, each in found}
        for key, lookup in asked.items():
            self.state(key[0]).learn_newest(lookup, newest.get(key))

    def _learn(self, like: Lookup[R], asked: _Asked, found: Iterable[tuple[str, R]]) -> None:
        for tenant, resource in found:
            self.state(tenant).shelf(like.kind).learn([resource])
        for key, lookup in asked.items():
            self.state(key[0]).shelf(like.kind).absorb(lookup, ())
