"""What is told of a command that we failed on or turned away: docs/contract.md, sections 2 and 3."""

import json
from typing import Any

import pytest

from domain.errors import CATALOGUE
from domain.operations import SingleOperation
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


def test_a_500_says_what_to_ask_us_about_and_nothing_of_the_inside(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("of the inside")

    monkeypatch.setattr(SingleOperation, "prepare", fail)
    ask(bench)
    bench.drain()
    [event] = bench.events()
    reference = f"Internal server error - [reference {event['id']}]"
    assert event == failed(bench, event, "internal-error", reference)
    assert event["status"] == 500
    assert replies(bench) == [event]


def test_a_503_says_that_nothing_was_done_and_to_come_again(bench: Bench) -> None:
    bench.streams = command_streams(bench.client, backlog_limit=1)
    bench.send("070")
    ask(bench)
    bench.drain()
    first, event = bench.events()
    assert event == failed(bench, event, "overloaded", "Overloaded, the command was not executed")
    assert (first["status"], event["status"]) == (201, 503)
    assert replies(bench) == [event]
