"""Sending commands as they were written, and finding their outcomes among all that are published."""

import json
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, TypeVar

import redis

from adapters.keys import outcome_stream
from cli.names import tenant_name
from cli.outage import Outage
from cli.outcomes.streams import OutcomeStreams
from cli.problems import Problem
from cli.sending.command_file import WrittenCommand
from domain.outcomes import event_id_of
from spcm_client import Command, partition_of, stream_of
from spcm_client.outcomes import event_of

_PAUSE = 0.2  # seconds between two tries to reach a Redis that is away

T = TypeVar("T")
_Filled = tuple[str, dict[str, Any]]


class Sent(NamedTuple):
    """A command that Redis has."""

    command_id: Any
    partition: int
    entry: str

    @property
    def event_id(self) -> str:
        """The id of the outcome event that it will have."""
        return event_id_of(self.partition, self.entry)


class Submission:
    """Commands under way, by the ids of the outcome events that they will have.

    The outcome streams are read, not reply lists: the id tells each entry's outcome apart, also that of a command in
    which nothing can be read, or which has a `replyTo` of its own; and a read that fails loses nothing.

    A Redis that goes away is waited for, `patience` seconds each time. What it may have taken or not is then sent again
    as it was, under the same ids: nothing is executed twice, and the second entry's outcome is the one that counts.
    """

    def __init__(self, client: redis.Redis, members: Mapping[str, str], *, partitions: int, patience: float) -> None:
        """`members` are put into commands that lack them."""
        self.patience = patience
        self.under_way: dict[str, Any] = {}
        """Command ids, by event id."""
        self.sent = 0
        """How many commands Redis has, or may have."""
        self._being_sent: list[Any] = []
        self._client = client
        self._away_until = 0.0  # when Redis was away the last time, by the monotonic clock
        self._outage = Outage()
        self._members = dict(members)
        self._partitions = partitions
        self._streams = OutcomeStreams(client)
        self._streams.add(outcome_stream(None))
        self._tenants: set[str] = set()

    def send(self, commands: Iterable[WrittenCommand]) -> list[Sent]:
        """Put them into their streams, all or none. Raises redis-py's errors."""
        filled = [self._fill_in(command) for command in commands]
        self._being_sent = [members.get("id") for _, members in filled]
        self.sent += len(filled)
        sent = self._through_outages(lambda: self._put(filled))
        self.under_way.update((each.event_id, each.command_id) for each in sent)
        self._being_sent = []  # only now: Ctrl-C in between names an id twice, and forgets none
        return sent

    def outcomes(self, seconds: float) -> Iterator[tuple[str, dict[str, Any]]]:
        """Outcomes of what was sent, as JSON and read, that are there or come within this time."""
        for published in self._through_outages(lambda: list(self._streams.read(seconds))):
            try:
                event = event_of(published.event)
                del self.under_way[event["id"]]
            except (ValueError, LookupError, TypeError):
                continue  # of somebody else, or no event, which those of workers are
            yield published.event, event

    def silent_for_too_long(self, last: float) -> bool:
        """Whether nobody seems to work: nothing came since `last`, for longer than its patience.

        That begins anew when Redis is back, but with one that comes and goes it ends after twice the time.
        """
        now = time.monotonic()
        return now - max(last, self._away_until) > self.patience or now - last > 2 * self.patience

    @property
    def unanswered(self) -> list[Any]:
        """The ids of the commands that have, or may have, been sent, and have no outcome."""
        return [*self.under_way.values(), *self._being_sent]

    def _through_outages(self, step: Callable[[], T]) -> T:
        enough = time.monotonic() + self.patience
        while time.monotonic() < enough:
            with self._outage:
                return step()
            time.sleep(_PAUSE)
            self._away_until = time.monotonic()
        return step()

    def _put(self, filled: Iterable[_Filled]) -> list[Sent]:
        for _, members in filled:
            self._watch(members.get("tenant"))
        partitions = [self._partition(members) for _, members in filled]
        with self._client.pipeline(transaction=True) as pipeline:
            for (text, _), partition in zip(filled, partitions, strict=True):
                pipeline.xadd(stream_of(partition), {"command": text})
            entries = [entry.decode() for entry in pipeline.execute()]
        return [
            Sent(members.get("id"), partition, entry)
            for (_, members), partition, entry in zip(filled, partitions, entries, strict=True)
        ]

    def _fill_in(self, command: WrittenCommand) -> _Filled:
        """What is missing comes first; all the rest stays as it was written, right or wrong."""
        added = {name: value for name, value in self._members.items() if name not in command.members}
        if "id" not in command.members:
            added = {"id": str(uuid.uuid4()), **added}
        if not added:
            return command.text, command.members
        inside = json.dumps(added)[1:-1] + (", " if command.members else "")
        return f"{{{inside}{command.text[1:]}", added | command.members

    def _watch(self, tenant: object) -> None:
        if isinstance(tenant, str) and tenant not in self._tenants:
            with suppress(Problem):  # a command of no tenant: it is told among those that nobody can be named for
                self._streams.add(outcome_stream(tenant_name(tenant)))
            self._tenants.add(tenant)

    def _partition(self, members: Mapping[str, Any]) -> int:
        operation, tenant = members.get("operation"), members.get("tenant")
        params, payload = members.get("params"), members.get("payload")
        command = Command(
            operation if isinstance(operation, str) else "",
            params if isinstance(params, dict) else None,
            payload if isinstance(payload, dict) else None,
            id="",
        )
        return partition_of(command, tenant if isinstance(tenant, str) else "", self._partitions)
