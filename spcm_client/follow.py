"""Reading a tenant's outcomes as they appear, from any point that is still retained."""

from collections.abc import Iterator

from redis import Redis

from spcm_client.connections import connect, execute_once, longest_block, losses_told, pause_after_loss
from spcm_client.errors import ConnectionLost
from spcm_client.outcomes import Outcome
from spcm_client.patience import Patience
from spcm_client.portion import Portion
from spcm_client.streams import BEFORE_ALL, Entry, entries_of, entries_read, is_stream_id, outcome_stream

_COUNT = 100  # entries in one round trip, at most


def follow(redis: Redis | str, tenant: str, start: str = "now", *, idle: float | None = None) -> Iterator[Outcome]:
    """The tenant's outcomes, in the order of the stream, waiting for those to come.

    `start`: `"now"` is the moment of this call, not of the first `next`, so that what is sent after it is seen;
    `"start"` is the oldest outcome that is kept; anything else is the `stream_id` of the last outcome that was seen.
    It ends when none came for `idle` seconds (0: after those that are there); None: never. A lost connection is waited
    out, and nothing is missed or repeated. A tenant `_unattributed` has the outcomes of commands that belong to nobody.

    Raises ValueError for any other `start`; redis-py's errors where the call itself cannot reach Redis or may not read;
    and `MalformedOutcome`, whose `stream_id` is where to go on.
    """
    connection = connect(redis)
    with losses_told():
        position = _position(connection, outcome_stream(tenant), start)
    return _follow(connection, outcome_stream(tenant), position, idle)


def _position(redis: Redis, stream: str, start: str) -> str:
    """The id after which to read. XREAD's own `$` would lose what appears between two reads."""
    if start == "start":
        return BEFORE_ALL
    if is_stream_id(start):
        return start
    if start != "now":
        raise ValueError('start is "now", "start" or a stream_id')
    last = entries_of(execute_once(redis, "XREVRANGE", stream, "+", "-", "COUNT", 1))
    return last[0].stream_id if last else BEFORE_ALL


def _follow(redis: Redis, stream: str, position: str, idle: float | None) -> Iterator[Outcome]:
    patience, portion = Patience(idle, longest_block(redis)), Portion(_COUNT)
    while (block := patience.block()) is not None:
        entries = _read(redis, stream, position, portion.count, block)
        portion.had([sum(map(len, entry.fields or ())) for entry in entries])
        for entry in entries:
            position = entry.stream_id
            yield entry.outcome()
        if entries:
            patience.renew()


def _read(redis: Redis, stream: str, position: str, count: int, block: int) -> list[Entry]:
    try:
        answer = execute_once(redis, "XREAD", "COUNT", count, "BLOCK", block, "STREAMS", stream, position)
    except ConnectionLost:
        pause_after_loss()
        return []
    return entries_read(answer)
