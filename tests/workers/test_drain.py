"""A drain, where another worker is at its partition too."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from adapters.credentials import Authenticator
from adapters.installation import prepare
from adapters.streams import COMMANDS, DEAD_LETTERS, OUTCOMES, CommandStreams, connect
from domain.state import Defaults
from tests.bulk.desk import Desk, written
from tests.engines import migrated
from workers.batch import Batch
from workers.drain import Drain


class Interrupted:
    """An engine, and what happens before its third transaction."""

    def __init__(self, engine: Engine, meanwhile: Callable[[], None]) -> None:
        self._engine = engine
        self._meanwhile = meanwhile
        self._begun = 0

    def connect(self) -> Connection:
        self._begun += 1
        if self._begun == 3:
            self._meanwhile()
        return self._engine.connect()


def test_who_fails_alone_is_condemned_and_nobody_in_its_place(
    sqlite_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first command fails twice; then another worker is done with it, and the next one comes."""
    with migrated(sqlite_url) as engine, connect(redis_url) as client:
        prepare(engine, client, 8)
        desk = Desk(engine)
        streams = CommandStreams(client, backlog_limit=100, outcome_retention=timedelta(days=1))

        def drain(engine: Any) -> bool:
            return Drain(engine, streams, Authenticator(), Defaults()).run(0)

        def send(msisdn: str) -> None:
            create = desk.command("subscriber.create", {"msisdn": msisdn}, params={"msisdn": msisdn})
            client.xadd(f"{COMMANDS}0", {"command": written(create)})

        def meanwhile() -> None:
            monkeypatch.undo()
            drain(engine)
            send("072")

        def fail(*_: Any, **__: Any) -> None:
            raise RuntimeError

        send("071")
        monkeypatch.setattr(Batch, "execute", fail)
        drain(Interrupted(engine, meanwhile))
        told: Any = client.xrange(f"{OUTCOMES}{desk.tenant}")
        assert [json.loads(fields[b"event"])["status"] for _, fields in told] == [201, 201]
        assert not client.exists(DEAD_LETTERS)


def test_a_command_whose_failure_cannot_be_written_waits_and_is_tried_anew(
    sqlite_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with migrated(sqlite_url) as engine, connect(redis_url) as client:
        prepare(engine, client, 8)
        desk = Desk(engine)
        streams = CommandStreams(client, backlog_limit=100, outcome_retention=timedelta(days=1))
        drain = Drain(engine, streams, Authenticator(), Defaults())
        create = desk.command("subscriber.create", {"msisdn": "071"}, params={"msisdn": "071"})
        client.xadd(f"{COMMANDS}0", {"command": written(create)})

        def fail(*_: Any, **__: Any) -> None:
            tries.append(None)
            raise RuntimeError

        tries: list[None] = []
        with monkeypatch.context() as broken:
            broken.setattr(Batch, "execute", fail)
            assert drain.run(0) is False
        assert len(tries) == 3, "as one of many, alone, and to tell that it failed"
        assert streams.ring("bells", {0: "bell"}) == [], "nobody comes back at once"
        drain.run(0)
        [(_, fields)] = client.xrange(f"{OUTCOMES}{desk.tenant}")
        assert json.loads(fields[b"event"])["status"] == 201
