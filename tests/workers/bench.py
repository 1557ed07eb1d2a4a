"""Drains without a worker."""

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from adapters.authenticator import Authenticator
from adapters.installation import prepare
from adapters.keys import command_stream, outcome_stream
from adapters.streams import CommandStreams
from domain.state import Defaults
from tests.bulk.desk import Desk, new_subscriber, written
from workers.drain import Drain


class Bench:
    """An installation without a worker, and a drain of partition 0."""

    def __init__(self, engine: Engine, client: Any) -> None:
        prepare(engine, client, 8)
        self.engine = engine
        self.client = client
        self.streams = CommandStreams(client, backlog_limit=100, outcome_retention=timedelta(days=1))
        self._desk = Desk(engine)

    def drain(self, engine: Any = None) -> bool:
        return Drain(engine or self.engine, self.streams, Authenticator(), Defaults()).run(0)

    def send(self, *msisdns: str) -> None:
        for msisdn in msisdns:
            create = self._desk.command("subscriber.create", {"msisdn": msisdn}, params={"msisdn": msisdn})
            self.client.xadd(command_stream(0), {"command": written(create)})

    def send_bulk(self, *msisdns: str) -> None:
        """One command that creates all of them."""
        bulk = self._desk.command("bulk.execute", {"items": [new_subscriber(msisdn) for msisdn in msisdns]})
        self.client.xadd(command_stream(0), {"command": written(bulk)})

    def told(self) -> list[int]:
        return [event["status"] for event in self._events()]

    def event_ids(self) -> list[str]:
        return [event["id"] for event in self._events()]

    def _events(self) -> list[dict[str, Any]]:
        entries = self.client.xrange(outcome_stream(self._desk.tenant))
        return [json.loads(fields[b"event"]) for _, fields in entries]
