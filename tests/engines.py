"""Databases with this version's schema, for as long as a test needs them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from adapters.database import make_engine
from adapters.migrations import migrate


@contextmanager
def migrated(url: str) -> Iterator[Engine]:
    """An engine over the database, which gets the schema."""
    engine = make_engine(url)
    migrate(engine)
    try:
        yield engine
    finally:
        engine.dispose()
