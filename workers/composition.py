"""Where the parts are put together, once for each process: a connection does not survive a fork."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Engine

from adapters.authenticator import Authenticator
from adapters.database import make_engine
from adapters.redis_client import connect
from adapters.retention import Retention
from adapters.settings import Settings, settings
from adapters.streams import CommandStreams
from workers.drain import Drain


def drain() -> Drain:
    """This process's drain."""
    return _drain_of(os.getpid())


@contextmanager
def retention() -> Iterator[Retention]:
    """What this process forgets, over the drain's database."""
    chosen = settings()
    with connect(chosen.redis) as client:
        yield Retention(drain().engine, client, chosen.journal_retention, chosen.outcome_retention)


def engine(chosen: Settings) -> Engine:
    """A new engine; its statements end well before the task that runs them does."""
    return make_engine(chosen.database, statement_timeout=chosen.batch_time_limit * 1000 * 2 // 3)


def streams(chosen: Settings) -> CommandStreams:
    """Command streams over a new connection."""
    return CommandStreams(
        connect(chosen.redis), backlog_limit=chosen.backlog_limit, outcome_retention=chosen.outcome_retention
    )


def collect_garbage_rarely() -> None:
    """A batch makes tens of thousands of objects that live as long as it does, and no circles: looking for circles
    among them after every 700 cost a quarter of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


@cache
def _drain_of(_process: int) -> Drain:
    chosen = settings()
    collect_garbage_rarely()
    return Drain(engine(chosen), streams(chosen), Authenticator(), chosen.defaults, chosen.batch_size)
