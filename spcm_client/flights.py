"""The bulks of an import that are under way: sent, asked for again, and given up."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spcm_client.bulks import Bulk
from spcm_client.client import Client
from spcm_client.commands import Command
from spcm_client.connections import REFUSED, longest_block, pause_after_loss
from spcm_client.errors import ConnectionLost, OutcomeTimeout, SubmitFailed
from spcm_client.items import ItemResult
from spcm_client.outcomes import Outcome
from spcm_client.replies import ReplyList

_OVERLOADED = 503
_MAX_REFUSALS = 8  # with the pauses below: about a minute
_FIRST_PAUSE = 0.5  # seconds, doubled after each 503
_LONGEST_PAUSE = 15.0


@dataclass
class _Flight:
    """A bulk that has no outcome yet. Times are by the monotonic clock, spans in seconds."""

    bulk: Bulk
    command: Command
    due: float  # when it is sent (again)
    late: float  # when its timeout is over
    silence: float  # from this sending to the next; doubled each time
    refusals: int = 0
    lost: bool = False  # its outcome may have been, with a connection
    granted: float = 0.0  # more than `late`, since what was lost is asked for again

    @property
    def deadline(self) -> float:
        return self.late + self.granted


class Flights:
    """The bulks under way, at most one of each partition: a second one could be accepted where the first got 503.

    A second one waits here, so that it is sent the moment the first has its outcome.
    """

    def __init__(self, client: Client, timeout: float, ask_again: float) -> None:
        self._client = client
        self._timeout = timeout
        self._ask_again = ask_again
        self._replies = ReplyList(client.redis, client.tenant)
        self._longest_block = longest_block(client.redis)
        self.reply_to = self._replies.key
        self.under_way: dict[str, _Flight] = {}  # by command id
        self._waiting: dict[int, tuple[Bulk, Command]] = {}  # by partition
        self._refusal: SubmitFailed | None = None  # why the last command could not be sent
        self._left = time.monotonic()  # when the caller, or the source of the items, got its turn

    def full(self, partition: int) -> bool:
        return partition in self._waiting

    def launch(self, bulk: Bulk, command: Command) -> None:
        """Send it, or keep it until the one before it has its outcome."""
        self._excuse(self._away())
        if any(flight.bulk.partition == bulk.partition for flight in self.under_way.values()):
            self._waiting[bulk.partition] = bulk, command
        else:
            self._launch(bulk, command)

    def land(self, *, wait: bool = True) -> Iterator[ItemResult]:
        """Wait for one outcome, not for long, and yield its results."""
        self._excuse(self._away())
        results = self._land(wait=wait)
        self._left = time.monotonic()
        yield from results

    def _away(self) -> float:
        """What the caller and the source have taken, in seconds."""
        left, self._left = self._left, time.monotonic()
        return self._left - left

    def _excuse(self, away: float) -> None:
        """These seconds were no silence of the workers."""
        for flight in self.under_way.values():
            flight.due += away
            flight.late += away

    def _land(self, *, wait: bool) -> Iterable[ItemResult]:
        for flight in list(self.under_way.values()):
            if time.monotonic() >= flight.due:
                self._send(flight)
        outcome = self._take(wait=wait)
        if outcome is None:
            self._give_up_late_ones()
            return ()
        if outcome.command_id not in self.under_way:  # a second answer, to a bulk sent twice
            return ()
        flight = self.under_way[outcome.command_id]
        if outcome.status == _OVERLOADED and flight.refusals < _MAX_REFUSALS:
            self._put_off(flight)
            return ()
        del self.under_way[flight.command.id]
        if (following := self._waiting.pop(flight.bulk.partition, None)) is not None:
            self._launch(*following)
        return flight.bulk.results(outcome)

    def _give_up_late_ones(self) -> None:
        for flight in self.under_way.values():
            # What may be lost is asked for again first, unless Redis comes and goes without end.
            if not flight.lost or time.monotonic() >= flight.late + self._timeout:
                self._give_up_if_late(flight)

    def _give_up_if_late(self, flight: _Flight) -> None:
        if time.monotonic() >= flight.deadline:
            raise OutcomeTimeout(flight.command.id, self._timeout) from self._refusal

    def _launch(self, bulk: Bulk, command: Command) -> None:
        now = time.monotonic()
        flight = _Flight(bulk, command, due=now, late=now + self._timeout, silence=self._ask_again)
        self.under_way[command.id] = flight
        self._send(flight)

    def _send(self, flight: _Flight) -> None:
        try:
            self._client.send(flight.command)
        except SubmitFailed as error:
            if isinstance(error.__cause__, REFUSED):
                raise
            self._refusal = error
            self._give_up_if_late(flight)
            pause_after_loss()
            return  # still due: the next round tries again
        self._refusal = None
        flight.due = time.monotonic() + flight.silence
        flight.silence *= 2
        if flight.lost:  # asked for again after the loss, it gets time to come
            flight.lost = False
            wanted = time.monotonic() + min(self._ask_again, self._timeout) - flight.late
            flight.granted = min(max(flight.granted, wanted), self._timeout)

    def _take(self, *, wait: bool) -> Outcome | None:
        begun = time.monotonic()
        next_due = min(min(flight.due, flight.deadline) for flight in self.under_way.values())
        try:
            outcome = self._replies.take(next_due - begun) if wait else self._replies.take_now()
            if outcome is None:
                self._excuse_a_stop(begun)
            return outcome
        except ConnectionLost:
            self._excuse_a_stop(begun)
            pause_after_loss()
            for flight in self.under_way.values():
                flight.due = min(flight.due, time.monotonic())
                flight.lost = True
            return None

    def _excuse_a_stop(self, begun: float) -> None:
        """A read that takes longer than it may was ours to miss: this process was stopped."""
        self._excuse(max(0.0, time.monotonic() - begun - self._longest_block))

    def _put_off(self, flight: _Flight) -> None:
        pause = min(_FIRST_PAUSE * 2**flight.refusals, _LONGEST_PAUSE)
        flight.refusals += 1
        flight.silence = self._ask_again
        flight.due = time.monotonic() + pause
        flight.late = time.monotonic() + pause + self._timeout
        flight.granted = 0.0
