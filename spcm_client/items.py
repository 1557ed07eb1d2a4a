"""One item of an import, and what became of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spcm_client.commands import BULK, MAX_DEPTH, to_json
from spcm_client.errors import InvalidCommand

_OPERATION = re.compile(r"[A-Za-z]+\.[A-Za-z]+")
_MAX_OPERATION = 64
_MAX_ID = 128
_LEVELS_ABOVE = 3  # the command, its payload and the array `items`


@dataclass(frozen=True)
class BulkItem:
    """A command of its own, without its envelope. `note` is the caller's (a line number), and is never sent.

    Without an `id` it gets its position in the import, as text.
    """

    operation: str
    params: Mapping[str, Any] | None = None
    payload: Mapping[str, Any] | None = None
    id: str | None = None
    note: Any = None

    def written(self, default_id: str) -> tuple[str, bytes]:
        """Its id, and the item as it stands in a bulk, as JSON.

        Raises `InvalidCommand` for an item for which the whole bulk would be refused.
        """
        named = isinstance(self.operation, str) and _OPERATION.fullmatch(self.operation)
        if not named or len(self.operation) > _MAX_OPERATION or self.operation == BULK:
            raise InvalidCommand("operation must be the name of an operation on one resource")
        item_id = default_id if self.id is None else self.id
        if not isinstance(item_id, str) or not 1 <= len(item_id) <= _MAX_ID or "\0" in item_id:
            raise InvalidCommand(f"id must be a string of 1 to {_MAX_ID} characters")
        members = {"id": item_id, "operation": self.operation, "params": self.params, "payload": self.payload}
        item = {name: value for name, value in members.items() if value is not None}
        return item_id, to_json(item, MAX_DEPTH - _LEVELS_ABOVE)


@dataclass(frozen=True)
class ItemResult:
    """What became of one item. `index` is its position in the import, from 0; `item` is what the caller gave.

    `status` is None where it was not executed (in a bulk that was undone), or where its fate cannot be read: then
    `reason` is `outcome-incomplete`. `replayed` is true where it had been imported before.
    """

    index: int
    id: str
    status: int | None
    reason: str | None
    data: Any
    retryable: bool
    replayed: bool
    item: BulkItem

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300
