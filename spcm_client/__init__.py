"""Send commands to SPCM and read their outcomes. Needs redis-py alone.

    from spcm_client import Client, follow

    with Client("redis://localhost:6379", "acme", "oms", "s3cret") as client:
        subscriber = {"msisdn": "0871234567", "imsi": "272031234567890"}
        outcome = client.call("subscriber.create", {"msisdn": "0871234567"}, subscriber, id="order-4711/1")
        print(outcome.status, outcome.reason, outcome.data)  # 201 None {...}, or 409 subscriber-exists {...}

    for outcome in follow("redis://localhost:6379", "acme", start="start"):
        print(outcome.stream_id, outcome.command_id, outcome.status)

Commands of a whole file or campaign: `import_items`. Several readers that share a tenant's outcomes: `OutcomeGroup`.
"""

from spcm_client.client import Client, Submitted
from spcm_client.commands import Command
from spcm_client.errors import (
    ClientError,
    InvalidCommand,
    MalformedOutcome,
    OutcomeTimeout,
    PartitionsUnreadable,
    SubmitFailed,
    WrongUrl,
)
from spcm_client.follow import follow
from spcm_client.groups import OutcomeGroup
from spcm_client.imports import import_items
from spcm_client.items import BulkItem, ItemResult
from spcm_client.outcomes import Outcome
from spcm_client.partitions import partition_of, read_partitions, stream_of

__all__ = [
    "BulkItem",
    "Client",
    "ClientError",
    "Command",
    "InvalidCommand",
    "ItemResult",
    "MalformedOutcome",
    "Outcome",
    "OutcomeGroup",
    "OutcomeTimeout",
    "PartitionsUnreadable",
    "SubmitFailed",
    "Submitted",
    "WrongUrl",
    "follow",
    "import_items",
    "partition_of",
    "read_partitions",
    "stream_of",
]
