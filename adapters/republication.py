"""Outcomes told again from the journal, after Redis was lost."""

from datetime import datetime
from itertools import islice

import redis
from sqlalchemy import Connection

from adapters.encoding import encode
from adapters.failures import redis_failures
from adapters.journal import outcomes_since
from adapters.streams import OUTCOMES

_AT_ONCE = 500


def republish(connection: Connection, client: "redis.Redis", tenant: str, since: datetime) -> int:
    """Append to the tenant's stream all outcomes that the journal remembers from that time on; how many.

    Their ids are those they had, so a reader that dedupes on `id` takes no harm from one that is still there. What the
    journal does not remember (reads, 400, 401, 403, 412, 500, 503, repeats) is lost with Redis. Raises Unavailable.
    """
    outcomes = outcomes_since(connection, tenant, since)
    told = 0
    while some := list(islice(outcomes, _AT_ONCE)):
        with redis_failures(), client.pipeline(transaction=False) as pipeline:
            for outcome in some:
                pipeline.xadd(f"{OUTCOMES}{tenant}", {"event": encode(outcome.event())})
            pipeline.execute()
        told += len(some)
    return told
