import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from spcm_client import MalformedOutcome, Outcome

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "3-1763740800000-0",
    "source": "/spcm/acme",
    "type": "spcm.subscriber.create.failed",
    "subject": "subscribers/0871234567",
    "time": "2026-11-21T16:00:00.123Z",
    "datacontenttype": "application/json",
    "tenant": "acme",
    "operation": "subscriber.create",
    "commandid": "order-4711/1",
    "correlationid": "order-4711",
    "status": 503,
    "reason": "overloaded",
    "retryable": True,
    "replayed": True,
    "dryrun": True,
    "data": {"message": "Overloaded", "status": "error"},
    "later": "attribute",
}


def test_every_attribute_of_the_event_is_told() -> None:
    assert Outcome.from_json(json.dumps(EVENT), "7-0") == Outcome(
        id="3-1763740800000-0",
        source="/spcm/acme",
        type="spcm.subscriber.create.failed",
        subject="subscribers/0871234567",
        time=datetime(2026, 11, 21, 16, 0, 0, 123000, UTC),
        tenant="acme",
        operation="subscriber.create",
        command_id="order-4711/1",
        correlation_id="order-4711",
        status=503,
        reason="overloaded",
        retryable=True,
        replayed=True,
        dry_run=True,
        data={"message": "Overloaded", "status": "error"},
        stream_id="7-0",
    )


def test_integers_of_any_length_are_read() -> None:
    digits = "7" * 5000
    event = json.dumps(EVENT | {"data": "INTEGERS"}).replace('"INTEGERS"', f"[1,{digits}]")
    assert Outcome.from_json(event).data == [1, Decimal(digits)]


def test_attributes_of_a_later_contract_are_kept() -> None:
    assert Outcome.from_json(json.dumps(EVENT)).event["later"] == "attribute"


def test_an_outcome_that_belongs_to_nobody_has_none_of_a_commands_attributes() -> None:
    event = {name: EVENT[name] for name in ("id", "type", "time", "status")} | {"source": "/spcm"}
    outcome = Outcome.from_json(json.dumps(event))
    assert (outcome.tenant, outcome.operation, outcome.command_id, outcome.data) == (None, None, None, None)
    assert (outcome.retryable, outcome.replayed, outcome.dry_run) == (False, False, False)


@pytest.mark.parametrize(
    ("status", "ok"), [(200, True), (201, True), (204, True), (207, False), (404, False), (503, False)]
)
def test_an_outcome_is_ok_where_all_was_done(status: int, ok: bool) -> None:
    assert Outcome.from_json(json.dumps(EVENT | {"status": status})).ok is ok


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", json.dumps(EVENT | {"time": "noon"}), "\ud800"])
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(MalformedOutcome):
        Outcome.from_json(text)
