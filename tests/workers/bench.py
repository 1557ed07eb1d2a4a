"""Drains without a worker."""

import json
from typing import Any

from sqlalchemy import Engine

from adapters.authenticator import Authenticator
from adapters.installation import prepare
from adapters.keys import command_stream, outcome_stream
from domain.state import Defaults
from tests.bulk.desk import Desk, new_subscriber, written
from tests.streams import command_streams
from workers.drain import Drain


class Bench:
    """An installation without a worker, and a drain of partition 0."""

    def __init__(self, engine: Engine, client: Any) -> None:
        prepare(engine, client, 8)
        self.engine = engine
        self.client = client
        self.streams = command_streams(client, backlog_limit=100)
        self._desk = Desk(engine)
        self.tenant = self._desk.tenant

    def drain(self, engine: Engine | None = None) -> bool:
        return self.worker(engine).run(0)

    def worker(self, engine: Engine | None = None) -> Drain:
        """What a process keeps for all its drains."""
        return Drain(engine or self.engine, self.streams, Authenticator(), Defaults())

    def send(self, *msisdns: str) -> None:
        for msisdn in msisdns:
            self.ask("subscriber.create", {"msisdn": msisdn}, params={"msisdn": msisdn})

    def send_bulk(self, *msisdns: str) -> None:
        """One command that creates all of them."""
        self.ask("bulk.execute", {"items": [new_subscriber(msisdn) for msisdn in msisdns]})

    def ask(self, operation: str, payload: Any = None, **members: Any) -> None:
        """Send this command."""
        command = self._desk.command(operation, payload, **members)
        self.client.xadd(command_stream(0), {"command": written(command)})

    def subscribers(self) -> list[str]:
        """The MSISDNs of those that there are."""
        return [row[0] for row in self._desk.rows()["subscribers"]]

    def told(self) -> list[int]:
        return [event["status"] for event in self.events()]

    def event_ids(self) -> list[str]:
        return [event["id"] for event in self.events()]

    def events(self) -> list[dict[str, Any]]:
        """All that was told to the tenant."""
        entries = self.client.xrange(outcome_stream(self.tenant))
        return [json.loads(fields[b"event"]) for _, fields in entries]
