"""What is told of a command that we failed on or turned away: docs/contract.md, sections 2 and 3."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.keys import DEAD_LETTERS
from domain.errors import CATALOGUE
from domain.operations import SingleOperation
from tests.cli.program import WITHIN, Program
from tests.polling import wait_for
from tests.streams import command_streams
from tests.workers.bench import Bench


def ask(bench: Bench) -> None:
    """Ask for subscriber 071, with a reply."""
    at = {"msisdn": "071"}
    bench.ask("subscriber.create", at, params=at, id="order", replyTo=reply_list(bench))


def reply_list(bench: Bench) -> str:
    return f"spcm:replies:{bench.tenant}:x"


def replies(bench: Bench) -> list[Any]:
    return [json.loads(each) for each in bench.client.lrange(reply_list(bench), 0, -1)]


def failed(bench: Bench, event: dict[str, Any], reason: str, message: str) -> dict[str, Any]:
    """All that the event may say, with its id and time."""
    return {
        "specversion": "1.0",
        "id": event["id"],
        "source": f"/spcm/{bench.tenant}",
        "type": "spcm.subscriber.create.failed",
        "subject": "subscribers/071",
        "time": event["time"],
        "datacontenttype": "application/json",
        "tenant": bench.tenant,
        "operation": "subscriber.create",
        "commandid": "order",
        "correlationid": "order",
        "status": CATALOGUE[reason].status,
        "reason": reason,
        "retryable": True,
        "data": {"message": message, "status": "error"},
    }


def fail(*_: Any) -> Any:
    raise RuntimeError("of the inside")


def test_a_500_says_what_to_ask_us_about_and_nothing_of_the_inside(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SingleOperation, "prepare", fail)
    ask(bench)
    bench.drain()
    [event] = bench.events()
    reference = f"Internal server error - [reference {event['id']}]"
    assert event == failed(bench, event, "internal-error", reference)
    assert event["status"] == 500
    assert replies(bench) == [event]


def test_what_failed_is_executed_once_it_is_mended_and_sent_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, sqlite_url: str, redis_url: str, tmp_path: Path
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(SingleOperation, "prepare", fail)
        ask(bench)
        bench.drain()
    program = Program(SPCM_REDIS_URL=redis_url, SPCM_DATABASE_URL=sqlite_url, SPCM_DATA=str(tmp_path), PW="s3cret")
    with program.running("deadletters", "resend", "--all", "--user", "oms", "--password-env", "PW") as resending:
        worker = bench.worker()
        wait_for(lambda: [*map(worker.run, range(8))] and resending.poll() is not None, within=WITHIN)
    assert resending.returncode == 0
    assert [(event["commandid"], event["status"]) for event in bench.events()] == [("order", 500), ("order", 201)]
    assert bench.subscribers() == ["071"]
    assert bench.client.xlen(DEAD_LETTERS) == 0


def test_a_503_says_that_nothing_was_done_and_to_come_again(bench: Bench) -> None:
    bench.streams = command_streams(bench.client, backlog_limit=1)
    bench.send("070")
    ask(bench)
    bench.drain()
    first, event = bench.events()
    assert event == failed(bench, event, "overloaded", "Overloaded, the command was not executed")
    assert (first["status"], event["status"]) == (201, 503)
    assert replies(bench) == [event]
