"""The journal as a batch sees it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from adapters.encoding import JsonText
from adapters.failures import Contended
from adapters.journal import Journal, Record, forget_before
from domain.outcomes import Outcome

NOW = datetime(2026, 11, 21, 16, tzinfo=UTC)


def outcome(command_id: str, data: str) -> Outcome:
    return Outcome(
        id=f"0-{command_id}-0",
        time=NOW,
        status=200,
        fate="completed",
        tenant="acme",
        operation="bulk.execute",
        command_id=command_id,
        correlation_id=command_id,
        data=JsonText(data),
    )


SMALL, LARGE = outcome("1", '{"a": 1}'), outcome("2", '{"a": "' + "x" * 100_000 + '"}')


@pytest.fixture
def journal(engine: Engine) -> Engine:
    """Where two commands are remembered."""
    with engine.begin() as connection:
        before = Journal(connection)
        for each in (SMALL, LARGE):
            before.add("acme", str(each.command_id), Record("f", each))
        before.write()
    return engine


def test_large_data_are_read_only_for_who_tells_them(journal: Engine) -> None:
    with journal.connect() as connection:
        known = Journal(connection)
        known.prefetch([("acme", "1"), ("acme", "2"), ("acme", "3")])
        found = [known.find("acme", command_id) for command_id in "123"]
        assert [each and each.fingerprint for each in found] == ["f", "f", None]
        assert [each.outcome.data is None for each in found if each] == [False, True]
        for before in (SMALL, LARGE):
            told = known.outcome("acme", str(before.command_id))
            assert told.data.text == before.data.text
            assert told._replace(data=None) == before._replace(data=None)


def test_what_was_forgotten_meanwhile_is_asked_for_again(journal: Engine) -> None:
    with journal.connect() as connection:
        known = Journal(connection)
        known.prefetch([("acme", "2")])
        forget_before(connection, NOW + timedelta(days=1), at_most=10)
        with pytest.raises(Contended):
            known.outcome("acme", "2")
