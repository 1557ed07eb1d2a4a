"""What operations see of one tenant: resources as the database has them, with what the batch has changed so far.

Operations ask by `Lookup` and change whole resources. What they ask is loaded beforehand where it could be
foreseen, and on the first question where it could not. What they changed is written afterwards, by whoever
made the state.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from domain.attempt import Attempt
from domain.resources import Kind, Lookup, R, Resource
from domain.shelf import Changes, Shelf
from domain.source import Source


@dataclass(frozen=True, slots=True)
class Defaults:
    """What an installation decides for fields that nobody gave."""

    dps_notification: bool = False
    eos_notification: bool = False
    payg_notification: bool = False
    link_base: str = "http://localhost:8080/spcm-rest-ws"


class State:
    """One tenant's resources in one batch."""

    def __init__(self, source: Source, defaults: Defaults) -> None:
        self.defaults = defaults
        self._source = source
        self._shelves: dict[Kind[Any], Shelf[Any]] = {}
        self._last_ids: dict[str, int] = {}
        self._ids_given: set[str] = set()
        self._locks: Collection[Kind[Any]] = ()
        self._seen: dict[Lookup[Any], tuple[int, Sequence[Any]]] = {}
        """How many of the newest were asked for, and those that came; the shelf knows what the batch made of them."""
        self._undo: list[Callable[[], None]] = []

    def all(self, lookup: Lookup[R]) -> list[R]:
        """Whatever the lookup finds, in the order of the kind's key."""
        return self._loaded(lookup).matches(lookup)

    def find(self, lookup: Lookup[R]) -> R | None:
        """What a lookup finds that can find only one."""
        return self._find_newest(lookup) if lookup.newest else self._loaded(lookup).match(lookup)

    def learn_newest(self, lookup: Lookup[R], newest: R | None) -> None:
        """Take in what the database has for a lookup of the newest."""
        self._seen[lookup] = 1, () if newest is None else (newest,)

    def hold_ids(self, kind: Kind[Any]) -> None:
        """From now on nobody else gives an id of this kind, until the batch ends."""
        if kind.name not in self._last_ids:
            self._last_ids[kind.name] = self._source.last_id(kind)

    def next_id(self, kind: Kind[Any]) -> int:
        """An id of this kind that was never given before."""
        self.hold_ids(kind)
        self._last_ids[kind.name] += 1
        self._ids_given.add(kind.name)
        self._undo.append(lambda: self._take_back_id(kind.name))
        return self._last_ids[kind.name]

    def creation_stamp(self) -> int:
        """A number that is greater for each resource created later."""
        return self._source.creation_stamp()

    def keep_alive(self) -> None:
        """To be called between two steps of what may take long."""
        self._source.keep_alive()

    def each(self, resources: Iterable[R]) -> Iterator[R]:
        """The resources one by one, of which there may be very many."""
        for resource in resources:
            self.keep_alive()
            yield resource

    def put(self, kind: Kind[R], resource: R) -> R:
        """Add the resource, or replace the one of the same key."""
        self._undo.append(self.shelf(kind).place(getattr(resource, kind.key), resource))
        return resource

    def remove(self, kind: Kind[R], resource: R) -> None:
        """Remove the resource."""
        self._undo.append(self.shelf(kind).place(getattr(resource, kind.key), None))

    def update_all(self, lookup: Lookup[Any], fields: Mapping[str, Any]) -> int:
        """Set these fields in all that the lookup finds, at once in the database; how many were found.

        Only within an attempt that is set-based.
        """
        self.write()
        updated = self._source.update_all(lookup, fields)
        self._forget()
        return updated

    def work(
        self, *, locks: Collection[Kind[Any]] = (), set_based: bool = False
    ) -> AbstractContextManager[Callable[[], None]]:
        """The attempt of one command, which may change these kinds."""
        self._locks = locks
        return self.attempt(set_based=set_based)

    def attempt(self, *, set_based: bool = False) -> AbstractContextManager[Callable[[], None]]:
        """What is done inside is undone if it raises, or by the yielded function, to be called as the last thing.

        An undo in memory cannot reach what a set-based operation writes at once: that takes a savepoint. An attempt
        within which another is set-based must be set-based too.
        """
        return self._savepoint() if set_based else Attempt(self._undo)

    def write(self) -> None:
        """Write what has changed since the last time."""
        self._source.write(*self.take_changes())

    def take_changes(self) -> tuple[list[Changes], dict[str, int]]:
        """What has changed since the last time, and the last ids given; both then count as written."""
        changes = [change for shelf in self._shelves.values() if (change := shelf.take_changes())]
        last_ids = {name: self._last_ids[name] for name in self._ids_given}
        self._ids_given.clear()
        self._undo.clear()
        return changes, last_ids

    def shelf(self, kind: Kind[R]) -> Shelf[R]:
        """Where this kind is kept in memory."""
        if kind not in self._shelves:
            self._shelves[kind] = Shelf(kind)
        return self._shelves[kind]

    def _loaded(self, lookup: Lookup[R]) -> Shelf[R]:
        shelf = self.shelf(lookup.kind)
        if not shelf.knows(lookup):
            shelf.absorb(lookup, self._source.load(lookup))
        return shelf

    def _find_newest(self, lookup: Lookup[R]) -> R | None:
        """What was created last of all that the lookup finds.

        It is read without a lock, so that a search waits for nobody. Work that may change its kind reads it again with
        a lock, and looks further if it has changed.
        """
        while True:
            count, seen = self._seen.get(lookup, (0, ()))
            newest: R | None = self._newest_of(lookup, seen)
            if newest is not None and _created(newest) >= _bound_of_unseen(seen, count):
                key = lookup.kind.by(**{lookup.kind.key: getattr(newest, lookup.kind.key)})
                if lookup.kind not in self._locks or self.shelf(lookup.kind).knows(key):
                    return newest
                self._loaded(key)
            elif count > len(seen):
                return None
            else:
                # One is enough, unless the batch has changed or removed it.
                count = 2 * count or 1
                self._seen[lookup] = count, self._source.newest(lookup, count)

    def _newest_of(self, lookup: Lookup[R], seen: Sequence[R]) -> R | None:
        """Of those in memory, and those seen that are not there."""
        shelf = self.shelf(lookup.kind)
        unknown = (resource for resource in seen if not shelf.has(resource))
        return max([*shelf.matches(lookup), *islice(unknown, 1)], key=_created, default=None)

    def _take_back_id(self, name: str) -> None:
        self._last_ids[name] -= 1

    @contextmanager
    def _savepoint(self) -> Iterator[Callable[[], None]]:
        self.write()
        with self._source.savepoint() as roll_back:

            def undo() -> None:
                roll_back()
                self._forget()

            try:
                yield undo
            except Exception:
                undo()
                raise

    def _forget(self) -> None:
        self._shelves.clear()
        self._seen.clear()
        self._last_ids.clear()
        self._ids_given.clear()
        self._undo.clear()


def _bound_of_unseen(seen: Sequence[Resource], count: int) -> float:
    """Whatever the database has beyond those seen has a smaller `created` than this.

    That of the last one seen, if as many came as were asked for; 0 if fewer came, since that is all there is; infinity
    where none was asked for yet.
    """
    if len(seen) < count:
        return 0
    return _created(seen[-1]) if seen else math.inf


def _created(resource: Resource) -> int:
    return int(vars(resource)["created"])
