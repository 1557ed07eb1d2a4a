"""The checker finds each kind of damage, planted by hand, and nothing where there is none."""

import base64
import copy
import json
from typing import Any

import pytest

from tests.faults.checker import check
from tests.faults.evidence import Evidence, Told
from tests.faults.ledger import Draft, Kind, Sent
from tests.faults.load import CANARY, command, draft

ROW = {"imsi": None, "class": None, "zone": None, "qosCategoryName": None, "tag": None}


def sent(number: int, operation: str, command_id: str, kind: Kind = "good", **members: Any) -> Sent:
    made = command("acme", operation, command_id, params={"msisdn": "08"}, **members)
    return Sent(0, f"{number}-0", draft(made, kind).raw, kind)


def event(of: Sent, status: int, **members: Any) -> dict[str, Any]:
    asked = json.loads(of.raw)
    told = {"id": of.event_id, "tenant": "acme", "operation": asked["operation"], "commandid": asked["id"]}
    return told | {"status": status} | members


@pytest.fixture
def evidence() -> Evidence:
    """A create, two counts, a repeat of the first, a read, a stranger and a failure: all as it should be."""
    entries = [
        sent(1, "subscriber.create", "c1", payload={"msisdn": "08"}),
        sent(2, "fault.count", "c2"),
        sent(3, "fault.count", "c3"),
        sent(4, "fault.count", "c2"),
        sent(5, "subscriber.get", "c4"),
        sent(6, "fault.count", "c5", "stranger"),
        sent(7, "fault.raise", "c6", "poison"),
    ]
    row = ROW | {"msisdn": "08"}
    events = [
        event(entries[0], 201, data=row),
        event(entries[1], 200, data=row | {"zone": "1"}),
        event(entries[2], 200, data=row | {"zone": "2"}),
        event(entries[3], 200, data=row | {"zone": "1"}, replayed=True),
        event(entries[4], 200, data=row | {"zone": "2"}),
        event(entries[5], 401),
        event(entries[6], 500),
    ]
    return Evidence(
        sent=entries,
        told=[Told("spcm:outcomes:acme", f"{number}-0", each) for number, each in enumerate(events, start=100)],
        letters=[{"event": json.dumps(events[6])}],
        journal=[
            {"tenant": "acme", "command_id": f"c{number}", "event_id": f"0-{number}-0", "status": status}
            for number, status in ((1, 201), (2, 200), (3, 200))
        ],
        subscribers=[
            {"tenant": "acme", "msisdn": "08", "imsi": None, "subscriber_class": None, "zone": "2"}
            | {"qos_category_name": None, "tag": None}
        ],
        left={"spcm:commands:0": 0},
        texts={"worker.log": "ready"},
    )


def damages(evidence: Evidence) -> set[str]:
    return {finding.damage for finding in check(evidence)}


def test_nothing_is_found_where_nothing_is_wrong(evidence: Evidence) -> None:
    assert check(evidence) == []


def test_a_lost_outcome_is_found(evidence: Evidence) -> None:
    del evidence.told[4]
    assert damages(evidence) == {"lost outcome"}


def test_a_doubled_outcome_is_found(evidence: Evidence) -> None:
    evidence.told.insert(5, copy.deepcopy(evidence.told[4]))
    assert "doubled outcome" in damages(evidence)


def test_an_outcome_of_nothing_is_found(evidence: Evidence) -> None:
    other = sent(8, "subscriber.get", "c9")
    evidence.told.append(Told("spcm:outcomes:acme", "200-0", event(other, 404)))
    assert damages(evidence) == {"unknown outcome"}


def test_a_repeat_that_was_executed_is_found(evidence: Evidence) -> None:
    del evidence.told[3].event["replayed"]
    assert "doubled effect" in damages(evidence)


def test_an_effect_that_happened_twice_is_found_in_the_row(evidence: Evidence) -> None:
    evidence.subscribers[0]["zone"] = "3"
    assert damages(evidence) == {"wrong row"}


def test_a_lost_effect_is_found(evidence: Evidence) -> None:
    evidence.subscribers.clear()
    assert damages(evidence) == {"wrong row"}


def test_a_row_of_nobody_is_found(evidence: Evidence) -> None:
    evidence.subscribers.append(evidence.subscribers[0] | {"tenant": "bolt"})
    assert damages(evidence) == {"wrong row"}


def test_outcomes_out_of_order_are_found(evidence: Evidence) -> None:
    evidence.told[4], evidence.told[5] = evidence.told[5], evidence.told[4]
    assert damages(evidence) == {"wrong order"}


def test_commands_executed_out_of_order_are_found(evidence: Evidence) -> None:
    first, second = evidence.told[1].event, evidence.told[2].event
    first["data"], second["data"] = second["data"], first["data"]
    assert "wrong outcome" in damages(evidence)


def test_a_wrong_status_is_found(evidence: Evidence) -> None:
    evidence.told[5].event["status"] = 200
    assert "wrong outcome" in damages(evidence)


def test_an_outcome_in_another_tenants_stream_is_found(evidence: Evidence) -> None:
    told = evidence.told[4]
    evidence.told[4] = Told("spcm:outcomes:bolt", told.stream_id, told.event)
    assert damages(evidence) == {"wrong outcome"}


def test_a_leftover_entry_is_found(evidence: Evidence) -> None:
    evidence.left["spcm:commands:0"] = 1
    assert damages(evidence) == {"leftover"}


def test_an_execution_without_a_record_is_found(evidence: Evidence) -> None:
    del evidence.journal[2]
    assert damages(evidence) == {"wrong journal"}


def test_a_record_that_nobody_was_told_of_is_found(evidence: Evidence) -> None:
    evidence.journal.append({"tenant": "acme", "command_id": "c7", "event_id": "0-9-0", "status": 200})
    assert damages(evidence) == {"wrong journal"}


def test_a_failure_without_a_dead_letter_is_found(evidence: Evidence) -> None:
    evidence.letters.clear()
    assert damages(evidence) == {"wrong dead letter"}


def test_a_dead_letter_told_twice_is_found(evidence: Evidence) -> None:
    evidence.letters *= 2
    assert damages(evidence) == {"wrong dead letter"}


@pytest.mark.parametrize("before", ["", "o", "om", "oms:"])
def test_a_password_is_found_wherever_it_is_also_in_base64(evidence: Evidence, before: str) -> None:
    evidence.texts["a list"] = f"Basic {base64.b64encode(f'{before}{CANARY}acme'.encode()).decode()}"
    assert damages(evidence) == {"secret"}
    evidence.texts["a list"] = f"{before}{CANARY}acme"
    assert damages(evidence) == {"secret"}


def test_an_entry_whose_acceptance_nobody_heard_of_is_known_by_its_outcome(evidence: Evidence) -> None:
    silent = evidence.sent.pop(2)
    evidence.unsure.append(Draft(silent.partition, silent.raw, silent.kind))
    assert check(evidence) == []
