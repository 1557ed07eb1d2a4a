"""Imports: any number of items as bulks, as many under way at once as there are partitions."""

from collections.abc import Iterable, Iterator

from spcm_client.bulks import Mode, group_by_partition
from spcm_client.client import Client
from spcm_client.flights import Flights
from spcm_client.items import BulkItem, ItemResult


def import_items(
    client: Client,
    items: Iterable[BulkItem],
    *,
    mode: Mode = "continue",
    run: str = "",
    dry_run: bool = False,
    timeout: float = 300.0,
    ask_again: float = 15.0,
) -> Iterator[ItemResult]:
    """Send the items as `bulk.execute` commands of up to 500 and yield what became of each, as it becomes known.

    Any number of items in constant memory: `items` is read as the work goes on, and only when a result is asked for.

    *Order.* Items of one partition, and so all about one subscriber, are executed in the order given: of one partition
    only one bulk is under way, and one more waits for its end. Between partitions there is none: import profiles before
    the subscribers that name them. A reference (`fromItem`) reaches only an item of the same bulk. Results come in the
    order of execution, not in that of the items.

    *Again.* Command ids derive from the items, their place, `mode` and `run`: the same import run again, after whatever
    interruption, continues where it was and tells for what was done what became of it then (`replayed`). A caller whose
    unit is a file puts the file's digest into `run`; another `run` does everything anew. They derive from the number of
    partitions too, which is a guess before the first worker has started (`read_partitions`): begin after that.

    *Refusals.* `mode` is that of each bulk: `atomic` undoes at most 500 items. A bulk that is refused as a whole makes
    each of its items fail with that status and reason; 503 is tried again for about a minute first. A dry run decides
    each bulk as if those before it had changed nothing.

    *Losses.* All outcomes come on one reply list. One that does not come within `ask_again` seconds (doubled each
    time), or may have been lost with a connection, is asked for again by sending the same command again.

    Raises redis-py's errors where Redis cannot be reached when it begins, `OutcomeTimeout` where a bulk has no outcome
    after `timeout` seconds (twice as many where connections are lost meanwhile), not counting the time that `items` and
    the caller take (its cause: why commands could not be sent, if that was it), `SubmitFailed` where this user of Redis
    may not send, and, in mode `atomic`, `InvalidCommand` for an item that cannot be sent (else it is a result of status
    400). After each of them the same import can be run again.
    """
    flights = Flights(client, timeout, ask_again)
    for found in group_by_partition(items, client.tenant, client.partitions, refuse=mode == "atomic"):
        if isinstance(found, ItemResult):
            yield found
            continue
        while flights.full(found.partition):
            yield from flights.land()
        flights.launch(found, found.command(mode, run, flights.reply_to, dry_run=dry_run))
        yield from flights.land(wait=False)
    while flights.under_way:
        yield from flights.land()
