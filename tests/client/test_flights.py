"""When an import asks again and when it gives up, by a clock of the test's own."""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from spcm_client import BulkItem, Client, ItemResult, OutcomeTimeout, SubmitFailed, import_items
from spcm_client.commands import Command
from spcm_client.errors import ConnectionLost
from spcm_client.outcomes import Outcome
from spcm_client.replies import ReplyList
from tests.client.clock import Clock
from tests.client.stand_in import Answer, bulk_answer, event

LONGEST_BLOCK = 2.5
OVERLOADED: Answer = {"status": 503, "reason": "overloaded", "retryable": True}


class Timeline(Clock):
    """Time passes only where the import waits."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self.sent: list[float] = []
        self.refused = 0
        self.away_until = 0.0
        self.losses: list[float] = []
        self.answer: Callable[[dict[str, Any]], Answer | None] = lambda _: None
        self._client = client
        self._answers: deque[bytes] = deque()

    def begin(self, items: Iterable[BulkItem], **how: Any) -> Iterator[ItemResult]:
        return import_items(self._client, items, **how)

    def run(self, items: Iterable[BulkItem] | None = None, **how: Any) -> list[ItemResult]:
        return list(self.begin(items or subscribers(1), **how))

    @property
    def answers_waiting(self) -> int:
        return len(self._answers)

    def sent_at(self) -> list[int]:
        """In seconds; a pause after a loss counts for nothing."""
        return [round(each) for each in self.sent]

    def send(self, _: Client, command: Command) -> None:
        if self.now < self.away_until:
            self.refused += 1
            raise SubmitFailed([command.id], "ConnectionError")
        self.sent.append(self.now)
        sent = json.loads(command.to_json("acme", "Basic eA=="))
        if (answer := self.answer(sent)) is not None:
            self._answers.append(event(sent, "1-0", answer))

    def take(self, _: ReplyList, seconds: float) -> Outcome | None:
        assert self.now < 3600, "it goes on"
        if self._answers:
            return Outcome.from_json(self._answers.popleft())
        until = self.now + max(0.001, min(seconds, LONGEST_BLOCK))
        if self.losses and self.losses[0] <= until:
            self.now = self.losses.pop(0)
            raise ConnectionLost
        self.now = until
        return None

    def pause(self) -> None:
        self.now += 0.2


@pytest.fixture
def clock(client: Client, monkeypatch: pytest.MonkeyPatch) -> Timeline:
    clock = Timeline(client)
    monkeypatch.setattr("spcm_client.flights.time", clock)
    monkeypatch.setattr("spcm_client.flights.pause_after_loss", clock.pause)
    monkeypatch.setattr(Client, "send", lambda client, command: clock.send(client, command))
    monkeypatch.setattr(ReplyList, "take", lambda replies, seconds: clock.take(replies, seconds))
    monkeypatch.setattr(ReplyList, "take_now", lambda _: None)
    return clock


def subscribers(count: int, msisdn: str = "1") -> Iterator[BulkItem]:
    return (BulkItem("subscriber.update", {"msisdn": msisdn}, {"zone": str(number)}) for number in range(count))


def test_what_is_not_answered_is_asked_for_ever_more_rarely(clock: Timeline) -> None:
    with pytest.raises(OutcomeTimeout) as none:
        clock.run()
    assert clock.sent_at() == [0, 15, 45, 105, 225]
    assert clock.now == pytest.approx(300, abs=0.1)
    assert none.value.__cause__ is None


@pytest.mark.parametrize(
    ("losses", "sent", "given_up"),
    [
        ([3.0], [0, 3], 20),
        ([19.0], [0, 15, 19], 34),
        ([19.9], [0, 15, 20], 35),
        ([19.0, 21.0], [0, 15, 19, 21], 36),
        ([19.0, 30.0], [0, 15, 19, 30], 40),
        ([19.0, 30.0, 39.0], [0, 15, 19, 30, 39], 40),
    ],
)
def test_what_may_be_lost_is_asked_for_at_once_and_gets_time_to_come(
    losses: list[float], sent: list[int], given_up: int, clock: Timeline
) -> None:
    clock.losses = losses
    with pytest.raises(OutcomeTimeout):
        clock.run(timeout=20)
    assert clock.sent_at() == sent
    assert round(clock.now) == given_up


def test_an_overloaded_worker_is_asked_ever_more_rarely(clock: Timeline) -> None:
    clock.answer = lambda _: OVERLOADED
    (result,) = clock.run()
    assert result.status == 503
    assert clock.sent == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 30.5, 45.5, 60.5]


def test_after_a_refusal_all_waiting_begins_anew(clock: Timeline) -> None:
    clock.answer = lambda _: OVERLOADED if len(clock.sent) == 3 else None
    clock.losses = [19.0]
    with pytest.raises(OutcomeTimeout):
        clock.run(timeout=20)
    assert clock.sent_at() == [0, 15, 19, 20, 35]
    assert clock.now == pytest.approx(19.2 + 0.5 + 20, abs=0.1)


def test_the_cause_is_told_where_commands_could_not_be_sent(clock: Timeline) -> None:
    clock.away_until = 3599
    with pytest.raises(OutcomeTimeout) as none:
        clock.run(timeout=20)
    assert isinstance(none.value.__cause__, SubmitFailed)
    assert round(clock.now) == 20
    assert clock.refused <= 20 / 0.2 + 1, "it asks without a pause"


def test_a_redis_that_was_away_for_a_while_is_no_cause(clock: Timeline) -> None:
    clock.away_until = 6
    with pytest.raises(OutcomeTimeout) as none:
        clock.run(timeout=20)
    assert clock.sent_at() == [6]
    assert none.value.__cause__ is None


def test_while_the_caller_has_its_turn_nobody_is_asked_again(clock: Timeline) -> None:
    clock.answer = lambda sent: bulk_answer(sent) if len(clock.sent) != 2 else None
    told = clock.begin([*subscribers(1, "1"), *subscribers(1, "3")])
    next(told)
    clock.now += 1000
    next(told)
    assert clock.sent_at() == [0, 0, 1015]


def test_while_the_source_has_its_turn_nobody_is_asked_again(clock: Timeline) -> None:
    def source() -> Iterator[BulkItem]:
        yield from [*subscribers(501, "1"), *subscribers(500, "3")]
        clock.now += 1000
        yield from subscribers(1, "3")

    with pytest.raises(OutcomeTimeout):
        clock.run(source(), timeout=20)
    assert clock.sent_at() == [0, 1000, 1015, 1015]
    assert round(clock.now) == 1020


def test_bulks_of_one_partition_wait_for_one_another(clock: Timeline) -> None:
    others: list[int] = []

    def answer(sent: Any) -> Any:
        others.append(clock.answers_waiting)
        return bulk_answer(sent)

    clock.answer = answer
    results = clock.run(subscribers(2000))
    assert [each.index for each in results] == list(range(2000))
    assert others == [0, 0, 0, 0]  # none was sent before the one before it had its outcome
