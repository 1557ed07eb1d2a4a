"""The finishing script tells each outcome once, however often it is repeated, and only for who holds the partition."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.failures import Unavailable
from adapters.streams import Announcement, CommandStreams, NotOurs, connect
from domain.outcomes import Outcome

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def announcement(entry: str) -> Announcement:
    return Announcement(entry, Outcome(f"0-{entry}", NOW, 200, "completed", tenant="acme"), "spcm:replies:acme:x")


def test_a_finish_that_is_repeated_tells_nothing_twice(redis_url: str) -> None:
    with connect(redis_url) as client:
        streams = CommandStreams(client, backlog_limit=1000, outcome_retention=timedelta(days=1))
        entries = [client.xadd("spcm:commands:0", {"command": "{}"}).decode() for _ in range(3)]
        taken = streams.take(0, at_most=10)
        for _ in range(2):
            streams.finish(0, taken.token, [announcement(entry) for entry in entries])
        assert client.xlen("spcm:outcomes:acme") == 3
        assert client.llen("spcm:replies:acme:x") == 3
        assert client.xlen("spcm:commands:0") == 0


def test_a_retention_longer_than_time_itself_keeps_everything(redis_url: str) -> None:
    with connect(redis_url) as client:
        streams = CommandStreams(client, backlog_limit=1000, outcome_retention=timedelta(days=36_500))
        entry = client.xadd("spcm:commands:0", {"command": "{}"}).decode()
        assert streams.finish(0, streams.take(0, at_most=10).token, [announcement(entry)]) == 0
        assert client.xlen("spcm:outcomes:acme") == 1


def test_who_was_overtaken_finishes_nothing(redis_url: str) -> None:
    with connect(redis_url) as client:
        streams = CommandStreams(client, backlog_limit=1000, outcome_retention=timedelta(days=1))
        entry = client.xadd("spcm:commands:0", {"command": "{}"}).decode()
        slow = streams.take(0, at_most=10)
        streams.take(0, at_most=10)
        with pytest.raises(NotOurs):
            streams.finish(0, slow.token, [announcement(entry)])
        assert client.xlen("spcm:commands:0") == 1
        assert not client.exists("spcm:outcomes:acme")


def test_what_is_older_than_the_retention_goes_as_outcomes_are_told(redis_url: str) -> None:
    with connect(redis_url) as client:
        streams = CommandStreams(client, backlog_limit=1000, outcome_retention=timedelta(hours=1))
        for number in range(300):
            client.xadd("spcm:outcomes:acme", {"event": "{}"}, id=f"1000-{number}")
        entry = client.xadd("spcm:commands:0", {"command": "{}"}).decode()
        streams.finish(0, streams.take(0, at_most=10).token, [announcement(entry)])
        assert client.xlen("spcm:outcomes:acme") < 150


@pytest.mark.parametrize("odd", ["spcm:outcomes:acme", "spcm:deadletters"])
def test_where_one_outcome_cannot_be_told_none_is(odd: str, redis_url: str) -> None:
    """A script that fails in the middle stays half done, so it looks before it begins."""
    with connect(redis_url) as client:
        streams = CommandStreams(client, backlog_limit=1000, outcome_retention=timedelta(days=1))
        first, second = (client.xadd("spcm:commands:0", {"command": "{}"}).decode() for _ in range(2))
        client.set(odd, "of another type")
        good = announcement(first)._replace(outcome=Outcome(f"0-{first}", NOW, 200, "completed", tenant="bolt"))
        bad = announcement(second)._replace(failed_command=b"{}", error="RuntimeError")
        token = streams.take(0, at_most=10).token
        with pytest.raises(Unavailable, match="another type"):
            streams.finish(0, token, [good, bad])
        assert client.xlen("spcm:commands:0") == 2
        assert not client.exists("spcm:outcomes:bolt")
