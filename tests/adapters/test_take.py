"""The taking script finds who kills its taker, and is soon done where nobody does."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import takewhile

import pytest
from redis import Redis

from adapters.redis_client import connect
from adapters.streams import LARGEST_BATCH, Announcement, CommandStreams, Taken
from tests.adapters.announcements import announcement
from tests.streams import command_streams


class Taker:
    """Takes 64 at a time, and tells what it was given and how often that had died alone."""

    def __init__(self, streams: CommandStreams) -> None:
        self._streams = streams
        self._taken: Taken | None = None

    def dies(self) -> tuple[int, int]:
        self._taken = self._streams.take(0, at_most=64)
        return len(self._taken.entries), self._taken.deaths

    def finishes(self) -> tuple[int, int]:
        told = self.dies()
        assert self._taken is not None
        outcomes: list[Announcement] = [announcement(entry.id) for entry in self._taken.entries]
        self._streams.finish(0, self._taken.token, outcomes)
        return told


class Limited:
    """Takes 64 at a time from a partition with this limit, and tells what it was given, and whether it is refused."""

    def __init__(self, client: Redis, limit: int) -> None:
        self.told: list[tuple[int, bool]] = []
        self._client = client
        self._sent = 0
        self._streams = CommandStreams(client, backlog_limit=limit, outcome_retention=timedelta(days=1))

    def send(self, count: int) -> None:
        for _ in range(count):
            self._sent += 1
            self._client.xadd("spcm:commands:0", {"command": "{}"}, id=f"{self._sent}-0")

    def take(self) -> Taken:
        return self._streams.take(0, at_most=64)

    def finish(self) -> tuple[int, bool]:
        taken = self.take()
        self.told += [(int(entry.id.removesuffix("-0")), taken.refused) for entry in taken.entries]
        self._streams.finish(0, taken.token, [announcement(entry.id) for entry in taken.entries])
        return len(taken.entries), taken.refused


@pytest.fixture
def taker(redis_url: str) -> Iterator[Taker]:
    with connect(redis_url) as client:
        for _ in range(200):
            client.xadd("spcm:commands:0", {"command": "{}"})
        yield Taker(command_streams(client))


def test_after_a_death_a_few_are_taken_at_a_time_as_many_as_were_taken_before(taker: Taker) -> None:
    assert taker.dies() == (64, 0)
    assert [taker.finishes() for _ in range(32)] == [(2, 0)] * 32
    assert taker.finishes() == (64, 0)


def test_who_kills_is_found_among_the_few_and_shows_by_dying_alone(taker: Taker) -> None:
    assert [taker.dies(), taker.finishes(), taker.dies()] == [(64, 0), (2, 0), (2, 0)]
    assert [taker.dies() for _ in range(4)] == [(1, 0), (1, 1), (1, 2), (1, 3)]
    assert taker.finishes() == (1, 4)
    assert taker.finishes() == (64, 0)


def test_what_is_refused_beyond_the_limit_does_not_end_the_care(redis_url: str) -> None:
    with connect(redis_url) as client:
        for _ in range(200):
            client.xadd("spcm:commands:0", {"command": "{}"})
        taker = Taker(command_streams(client, backlog_limit=100))
        assert taker.dies() == (64, 0)
        assert [taker.finishes() for _ in range(32)] == [(2, 0)] * 32


def test_as_many_as_the_limit_are_accepted_and_those_behind_them_refused_in_order(redis_url: str) -> None:
    with connect(redis_url) as client:
        limited = Limited(client, limit=100)
        limited.send(250)
        assert limited.finish() == (64, False)
        limited.send(10)  # which are not looked at before all that was refused is told
        assert [limited.finish() for _ in range(5)] == [
            *[(36, False), (64, True), (64, True), (22, True)],
            (10, False),
        ]
        assert limited.told == sorted(limited.told)


def test_a_flood_is_refused_as_often_as_it_comes(redis_url: str) -> None:
    with connect(redis_url) as client:
        limited = Limited(client, limit=10)
        for _ in range(2):
            limited.send(30)
            assert [limited.finish() for _ in range(2)] == [(10, False), (20, True)]


def test_who_dies_of_what_is_accepted_or_refused_is_given_the_same_again(redis_url: str) -> None:
    with connect(redis_url) as client:
        limited = Limited(client, limit=40)
        limited.send(80)
        assert [limited.take().refused for _ in range(2)] == [False, False]
        while not limited.take().refused:
            limited.finish()
        assert limited.take().refused
        while client.xlen("spcm:commands:0"):
            limited.finish()
        assert [refused for _, refused in limited.told] == [False] * 40 + [True] * 40


def test_what_may_be_executed_is_not_refused_by_a_limit_that_was_lowered(redis_url: str) -> None:
    with connect(redis_url) as client:
        before = Limited(client, limit=1000)
        before.send(80)
        assert len(before.take().entries) == 64
        lowered = Limited(client, limit=10)
        while client.xlen("spcm:commands:0"):
            lowered.finish()
        assert [refused for _, refused in lowered.told] == [False] * 64 + [True] * 16


def test_what_somebody_removes_leaves_nobody_waiting(redis_url: str) -> None:
    with connect(redis_url) as client:
        limited = Limited(client, limit=10)
        limited.send(30)
        limited.take()
        client.xtrim("spcm:commands:0", maxlen=5, approximate=False)
        assert limited.finish() == (5, False)
        limited.send(3)
        assert limited.finish() == (3, False)


def test_an_entry_of_the_highest_id_is_taken_with_those_before_it(redis_url: str) -> None:
    with connect(redis_url) as client:
        for number in range(8):
            client.xadd("spcm:commands:0", {"command": "{}"}, id=f"{number + 1}-0")
        client.xadd("spcm:commands:0", {"command": "{}"}, id=f"{2**64 - 1}-{2**64 - 1}")
        taker = Taker(command_streams(client))
        assert taker.finishes() == (9, 0)
        assert client.xlen("spcm:commands:0") == 0


def test_an_end_that_was_forgiven_is_no_death(redis_url: str) -> None:
    with connect(redis_url) as client:
        streams = command_streams(client)
        for _ in range(3):
            client.xadd("spcm:commands:0", {"command": "{}"})
        streams.forgive(0, streams.take(0, at_most=10).token)
        assert len(streams.take(0, at_most=10).entries) == 3


def test_what_is_refused_at_once_is_bounded_in_bytes_too(redis_url: str) -> None:
    with connect(redis_url) as client:
        streams = command_streams(client, backlog_limit=2)
        ids = [client.xadd("spcm:commands:0", {"command": b"x" * 1_500_000}).decode() for _ in range(8)]
        refused: list[str] = []
        while client.xlen("spcm:commands:0"):
            taken = streams.take(0, at_most=64)
            assert sum(entry.size for entry in taken.entries) <= LARGEST_BATCH
            refused += [entry.id for entry in taken.entries if taken.refused]
            streams.finish(0, taken.token, [announcement(entry.id) for entry in taken.entries])
        assert refused == ids[2:]


def test_what_is_taken_at_once_is_bounded_in_bytes_and_what_is_too_large_is_not_read(redis_url: str) -> None:
    with connect(redis_url) as client:
        streams = command_streams(client, backlog_limit=100)
        for size in (*[1_500_000] * 6, LARGEST_BATCH + 1):
            client.xadd("spcm:commands:0", {"command": b"x" * size})
        read: list[bool] = []
        while client.xlen("spcm:commands:0"):
            taken = streams.take(0, at_most=64)
            assert len(taken.entries) == 1 or sum(entry.size for entry in taken.entries) <= LARGEST_BATCH
            read += [entry.raw is not None for entry in taken.entries]
            streams.finish(0, taken.token, [announcement(entry.id) for entry in taken.entries])
        assert read == [True] * 6 + [False]


def test_bytes_in_other_fields_than_the_command_count_too(redis_url: str) -> None:
    with connect(redis_url) as client:
        streams = command_streams(client, backlog_limit=4)
        for _ in range(8):
            client.xadd("spcm:commands:0", {"note": b"x" * 1_500_000, "command": "{}"})
        for refused in (False, False, True, True):
            taken = streams.take(0, at_most=64)
            assert taken.refused is refused
            assert [(entry.size, entry.raw) for entry in taken.entries] == [(2, b"{}")] * 2
            streams.finish(0, taken.token, [announcement(entry.id) for entry in taken.entries])


def test_no_more_is_read_than_there_may_be_room_for(redis_url: str) -> None:
    """Redis answers nobody else meanwhile."""
    with connect(redis_url) as client, connect(redis_url) as observer:
        streams = command_streams(client, backlog_limit=100)
        for _ in range(200):
            client.xadd("spcm:commands:0", {"command": b"x" * 400_000})
        streams.now()
        with observer.monitor() as monitor:
            taken = streams.take(0, at_most=64)
            client.echo("the end")
            seen = takewhile(lambda command: command != "ECHO the end", (each["command"] for each in monitor.listen()))
            read = [int(command.rpartition(" COUNT ")[2]) for command in seen if " COUNT " in command]
    assert len(taken.entries) == 10
    assert sum(read) < 15


def test_of_two_commands_in_one_entry_the_first_counts(redis_url: str) -> None:
    with connect(redis_url) as client:
        client.execute_command("XADD", "spcm:commands:0", "*", "command", "first", "command", "the second")
        streams = command_streams(client)
        [entry] = streams.take(0, at_most=10).entries
        assert (entry.raw, entry.size) == (b"first", 5)
