"""What the rules need of a database."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from domain.resources import Kind, Lookup, R
from domain.shelf import Changes


class Source(Protocol):
    """One tenant's part of the database, within the batch's transaction."""

    def load(self, lookup: Lookup[R]) -> Sequence[R]:
        """All that the lookup finds."""

    def newest(self, lookup: Lookup[R], count: int) -> Sequence[R]:
        """The `count` of what the lookup finds that were created last."""

    def last_id(self, kind: Kind[Any]) -> int:
        """The last id given to this kind, 0 at first; nobody else gives one before the transaction ends."""

    def creation_stamp(self) -> int:
        """A number above those of all resources that were created before this batch, or earlier in it."""

    def write(self, changes: Sequence[Changes], last_ids: Mapping[str, int]) -> None:
        """Write it, within the transaction."""

    def update_all(self, lookup: Lookup[Any], fields: Mapping[str, Any]) -> int:
        """Set these fields in all that the lookup finds; how many were found."""

    def keep_alive(self) -> None:
        """Called between two steps of what may take long: nobody else takes the transaction for abandoned."""

    def savepoint(self) -> AbstractContextManager[Callable[[], None]]:
        """A point of the transaction to which the yielded function goes back."""
