"""The bulks of an import: which items go together, under which command id, and what an outcome says of each."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from spcm_client.commands import BULK, MAX_BULK_BYTES, Command, WrittenItems
from spcm_client.errors import InvalidCommand
from spcm_client.items import BulkItem, ItemResult
from spcm_client.outcomes import Outcome
from spcm_client.partitions import partition_of_operation

Mode = Literal["continue", "atomic"]

FULL_AT_ITEMS = 500
FULL_AT_BYTES = 1024 * 1024  # of items; one alone may be larger. An import holds up to three bulks a partition
_MAX_ITEM_BYTES = MAX_BULK_BYTES - 4096  # what is left beside a command's envelope

INCOMPLETE = "outcome-incomplete"


@dataclass
class Bulk:
    """Items of one partition, in their order."""

    partition: int
    items: list[tuple[int, str, BulkItem]] = field(default_factory=list)  # with their positions in the import, and ids
    written: list[bytes] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    size: int = 0

    def add(self, index: int, item_id: str, item: BulkItem, written: bytes) -> None:
        self.items.append((index, item_id, item))
        self.written.append(written)
        self.ids.add(item_id)
        self.size += len(written)

    def has_room_for(self, item_id: str, size: int) -> bool:
        """False also where the id is taken: ids are unique in a bulk, and the next bulk is executed after this one."""
        return len(self.items) < FULL_AT_ITEMS and self.size + size <= FULL_AT_BYTES and item_id not in self.ids

    def command(self, mode: Mode, run: str, reply_to: str, *, dry_run: bool) -> Command:
        """The command. The same items at the same place of an import of the same mode and run have the same id."""
        text = b'{"items":[%b],"mode":"%b"}' % (b",".join(self.written), mode.encode())
        payload = WrittenItems(text, self.partition)
        identity = hashlib.sha256(json.dumps([run, self.items[0][0]]).encode())
        identity.update(text)
        return Command(BULK, None, payload, f"import-{identity.hexdigest()[:40]}", reply_to=reply_to, dry_run=dry_run)

    def results(self, outcome: Outcome) -> Iterator[ItemResult]:
        """What the bulk's outcome says of each item. One refused as a whole says the same of all of them."""
        told = _told_items(outcome)
        for place, (index, item_id, item) in enumerate(self.items):
            if outcome.status >= 300:
                fate: Mapping[str, Any] = {"status": outcome.status, "reason": outcome.reason, "data": outcome.data}
            else:
                fate = told.get(place, {"reason": INCOMPLETE})
            yield ItemResult(
                index=index,
                id=item_id,
                status=fate.get("status"),
                reason=fate.get("reason"),
                data=fate.get("data"),
                retryable=fate.get("retryable", outcome.retryable),
                replayed=outcome.replayed,
                item=item,
            )


def _told_items(outcome: Outcome) -> dict[int, Mapping[str, Any]]:
    items = outcome.data.get("items") if isinstance(outcome.data, Mapping) else None
    if not isinstance(items, list):
        return {}
    return {item["index"]: item for item in items if isinstance(item, Mapping) and "index" in item}


def group_by_partition(
    items: Iterable[BulkItem], tenant: str, partitions: int, *, refuse: bool
) -> Iterator[Bulk | ItemResult]:
    """Bulks as they fill up, the rest at the end; the same for the same items, whenever and however fast they come.

    An item that cannot be sent at all is a result at once, or, with `refuse`, ends it with `InvalidCommand`.
    """
    filling: dict[int, Bulk] = {}
    for index, item in enumerate(items):
        try:
            item_id, written = _written(item, index)
        except InvalidCommand as error:
            if refuse:
                raise
            yield _unsendable(index, item, str(error))
            continue
        partition = partition_of_operation(item.operation, item.params, tenant, partitions)
        bulk = filling.setdefault(partition, Bulk(partition))
        if bulk.items and not bulk.has_room_for(item_id, len(written)):
            yield bulk
            bulk = filling[partition] = Bulk(partition)
        bulk.add(index, item_id, item, written)
    yield from filling.values()


def _written(item: BulkItem, index: int) -> tuple[str, bytes]:
    item_id, written = item.written(default_id=str(index))
    if len(written) > _MAX_ITEM_BYTES:
        raise InvalidCommand("the item does not fit into a bulk")
    return item_id, written


def _unsendable(index: int, item: BulkItem, message: str) -> ItemResult:
    """In the words of a worker that refuses a command it cannot read."""
    return ItemResult(
        index=index,
        id=str(index) if item.id is None else item.id,
        status=400,
        reason="malformed-command",
        data={"message": message, "status": "error"},
        retryable=False,
        replayed=False,
        item=item,
    )
