"""Databases for as long as a test needs them."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, make_url

from adapters.database import make_engine
from adapters.migrations import migrate
from tests.servers import create_database, drop_database

_numbers = itertools.count(1)


@contextmanager
def empty_database(server_url: str) -> Iterator[str]:
    """The URL of a new PostgreSQL database on the server, without tables."""
    name = f"spcm_test_{os.getpid()}_{next(_numbers)}"
    create_database(server_url, name)
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        drop_database(server_url, name)


@contextmanager
def migrated(url: str) -> Iterator[Engine]:
    """An engine over the database, which gets this version's schema."""
    engine = make_engine(url)
    migrate(engine)
    try:
        yield engine
    finally:
        engine.dispose()
