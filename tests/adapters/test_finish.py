"""The finishing script tells each outcome once, however often it is repeated, and only for who holds the partition."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from adapters.failures import Unavailable
from adapters.redis_client import connect
from adapters.streams import Announcement, NotOurs
from tests.access import as_role, grant
from tests.adapters.announcements import announcement
from tests.streams import command_streams


def test_a_finish_that_is_repeated_tells_nothing_twice(redis_url: str) -> None:
    with connect(redis_url) as client:
        streams = command_streams(client)
        entries = [client.xadd("spcm:commands:0", {"command": "{}"}).decode() for _ in range(3)]
        taken = streams.take(0, at_most=10)
        for _ in range(2):
            streams.finish(0, taken.token, [announcement(entry) for entry in entries])
        assert client.xlen("spcm:outcomes:acme") == 3
        assert client.llen("spcm:replies:acme:x") == 3
        assert client.xlen("spcm:commands:0") == 0


def test_a_retention_longer_than_time_itself_keeps_everything(redis_url: str) -> None:
    with connect(redis_url) as client:
        streams = command_streams(client, outcome_retention=timedelta(days=36_500))
        entry = client.xadd("spcm:commands:0", {"command": "{}"}).decode()
        assert streams.finish(0, streams.take(0, at_most=10).token, [announcement(entry)]) == 0
        assert client.xlen("spcm:outcomes:acme") == 1


def test_who_was_overtaken_finishes_nothing(redis_url: str) -> None:
    with connect(redis_url) as client:
        streams = command_streams(client)
        entry = client.xadd("spcm:commands:0", {"command": "{}"}).decode()
        slow = streams.take(0, at_most=10)
        streams.take(0, at_most=10)
        with pytest.raises(NotOurs):
            streams.finish(0, slow.token, [announcement(entry)])
        assert client.xlen("spcm:commands:0") == 1
        assert not client.exists("spcm:outcomes:acme")


def test_what_is_older_than_the_retention_goes_as_outcomes_are_told(redis_url: str) -> None:
    with connect(redis_url) as client:
        streams = command_streams(client, outcome_retention=timedelta(hours=1))
        for stream in ("spcm:outcomes:acme", "spcm:deadletters"):
            for number in range(300):
                client.xadd(stream, {"event": "{}"}, id=f"1000-{number}")
        entry = client.xadd("spcm:commands:0", {"command": "{}"}).decode()
        failed = announcement(entry)._replace(failed_command=b"{}", error="RuntimeError")
        streams.finish(0, streams.take(0, at_most=10).token, [failed])
        # Not all of them: Redis removes whole nodes of a hundred entries.
        assert 1 <= client.xlen("spcm:outcomes:acme") < 150
        assert 1 <= client.xlen("spcm:deadletters") < 150


@pytest.mark.parametrize("odd", ["spcm:outcomes:acme", "spcm:deadletters"])
def test_where_one_outcome_cannot_be_told_none_is(odd: str, redis_url: str) -> None:
    """A script that fails in the middle stays half done, so it looks before it begins."""
    with connect(redis_url) as client:
        streams = command_streams(client)
        first, second = (client.xadd("spcm:commands:0", {"command": "{}"}).decode() for _ in range(2))
        client.set(odd, "of another type")
        good = announcement(first, "bolt")
        bad = announcement(second)._replace(failed_command=b"{}", error="RuntimeError")
        token = streams.take(0, at_most=10).token
        with pytest.raises(Unavailable, match="another type"):
            streams.finish(0, token, [good, bad])
        assert client.xlen("spcm:commands:0") == 2
        assert not client.exists("spcm:outcomes:bolt")


LAST_BUT_ONE = f"{2**64 - 1}-{2**64 - 2}"
"""After an entry with this id a stream takes one more, and then none."""

TENANTS = ["bolt", "acme", "acme", "bolt"]


class Finisher:
    """Takes and finishes all that waits, under the worker's access rules: of acme dead letters, of bolt good ones."""

    def __init__(self, admin: Any, worker: Any) -> None:
        self.admin = admin
        self._streams = command_streams(worker)

    def finish(self, *, meanwhile_removed: str = "", times: int = 1) -> None:
        taken = self._streams.take(0, at_most=10)
        if meanwhile_removed:
            self.admin.xdel("spcm:commands:0", meanwhile_removed)
        told_of = [self._outcome_of(entry.id, entry.raw or b"") for entry in taken.entries]
        try:
            for _ in range(times):
                self._streams.finish(0, taken.token, told_of)
        except Unavailable:
            self._streams.forgive(0, taken.token)
            raise

    def _outcome_of(self, entry: str, raw: bytes) -> Announcement:
        told = announcement(entry, raw.decode())
        return told._replace(failed_command=b"{}", error="RuntimeError") if raw == b"acme" else told

    def told(self, tenant: str) -> list[str]:
        """The entries whose outcomes were told."""
        stream = self.admin.xrange(f"spcm:outcomes:{tenant}")
        return [json.loads(fields[b"event"])["id"][2:] for _, fields in stream if fields[b"event"] != b"{}"]

    def counts(self) -> tuple[int, int, int]:
        """Commands that wait, dead letters, replies."""
        replies = sum(self.admin.llen(f"spcm:replies:{tenant}:x") for tenant in ("acme", "bolt"))
        return self.admin.xlen("spcm:commands:0"), self.admin.xlen("spcm:deadletters"), replies


@pytest.fixture
def finisher(redis_url: str) -> Iterator[Finisher]:
    with connect(redis_url) as admin, connect(as_role(redis_url, "worker")) as worker:
        grant(admin, "acme")
        yield Finisher(admin, worker)
        admin.execute_command("ACL", "DELUSER", "worker")


@pytest.fixture
def entries(finisher: Finisher) -> list[str]:
    return [finisher.admin.xadd("spcm:commands:0", {"command": tenant}).decode() for tenant in TENANTS]


KEYS = ["resetkeys", "~spcm:commands:*", "~spcm:taken:*", "~spcm:bell:*", "~spcm:replies:*", "~spcm:outcomes:bolt"]


@pytest.mark.parametrize(
    ("rules", "told_before"),
    [
        (["-xadd"], 0),
        (["-xdel"], 0),
        ([*KEYS, "~spcm:deadletters", "%R~spcm:outcomes:acme"], 0),
        ([*KEYS, "~spcm:outcomes:acme", "%R~spcm:deadletters"], 0),
        ([*KEYS, "~spcm:deadletters", "(~spcm:outcomes:acme +type +xdel)"], 1),
    ],
)
def test_what_may_not_be_told_stays_and_is_told_once_when_it_may(
    rules: list[str], told_before: int, finisher: Finisher, entries: list[str]
) -> None:
    bolt, acme = [entries[0], entries[3]], entries[1:3]
    finisher.admin.execute_command("ACL", "SETUSER", "worker", *rules)
    for _ in range(2):
        with pytest.raises(Unavailable):
            finisher.finish()
        assert (finisher.told("bolt"), finisher.told("acme")) == (bolt[:told_before], [])
        assert finisher.counts() == (4 - told_before, 0, told_before)
    grant(finisher.admin, "acme")
    finisher.finish()
    assert (finisher.told("bolt"), finisher.told("acme")) == (bolt, acme)
    assert finisher.counts() == (0, 2, 4)


@pytest.mark.parametrize(("full", "letters"), [("spcm:outcomes:acme", [1, 2]), ("spcm:deadletters", [2, 1])])
def test_where_a_stream_has_no_id_left_its_commands_wait(
    full: str, letters: list[int], finisher: Finisher, entries: list[str]
) -> None:
    finisher.admin.xadd(full, {"event": "{}"}, id=LAST_BUT_ONE)
    for _ in range(2):
        with pytest.raises(Unavailable, match="no id is left"):
            finisher.finish()
        assert (finisher.told("bolt"), finisher.told("acme")) == (entries[:1], entries[1:2])
        assert finisher.counts() == (2, letters[0], 2)
    finisher.admin.delete(full)
    finisher.finish()
    assert finisher.told("bolt") == [entries[0], entries[3]]
    assert finisher.told("acme")[-1] == entries[2]
    assert finisher.counts() == (0, letters[1], 4)


def test_what_somebody_else_has_removed_is_not_told(finisher: Finisher, entries: list[str]) -> None:
    finisher.finish(meanwhile_removed=entries[1], times=2)
    assert (finisher.told("bolt"), finisher.told("acme")) == ([entries[0], entries[3]], entries[2:3])
    assert finisher.counts() == (0, 1, 3)
