"""Items of an import, and the bulks in which they came."""

from typing import Any

from spcm_client import BulkItem
from tests.client.stand_in import StandIn


def item(number: int, **more: Any) -> BulkItem:
    return BulkItem("subscriber.create", {"msisdn": str(number)}, {"msisdn": str(number)}, **more)


def bulks(worker: StandIn) -> list[dict[str, Any]]:
    return [command for _, command in worker.seen]
