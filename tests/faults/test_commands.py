"""Commands that do harm, repeat, or are too many: rows 20 to 25 of the fault list; and reads that are read again."""

import json
from collections.abc import Callable

import psycopg
import pytest

from tests.faults.lab import Lab
from tests.faults.ledger import Draft
from tests.faults.load import PARTITIONS, Load, command, draft, partition_of
from tests.faults.worker import Worker
from tests.polling import wait_for

LIMIT = 100


@pytest.fixture(scope="module")
def lab(make_lab: "Callable[..., Lab]") -> Lab:
    # A command that hangs holds its process for as long; with the default of 30 s the test would take minutes.
    return make_lab(environment={"SPCM_BATCH_TIME_LIMIT": "5"})


@pytest.fixture(scope="module")
def worker(lab: Lab) -> Worker:
    return lab.start_worker()


def neighbours(seed: int, count: int) -> list[Draft]:
    """Good commands in the partition of the poison."""
    catalog = partition_of("acme", "catalog")
    found: list[Draft] = []
    load = Load(seed, numbers=400)
    while len(found) < count:
        found += [each for each in load.take(50) if each.partition == catalog and each.kind == "good"]
    return found[:count]


def poison(operation: str, command_id: str) -> Draft:
    return draft(command("acme", operation, command_id), "poison")


def statuses(lab: Lab, command_id: str) -> list[int]:
    return [each.event["status"] for each in lab.evidence().told if each.event.get("commandid") == command_id]


@pytest.mark.parametrize(
    ("operation", "seed"),
    [("fault.raise", 20), ("fault.kill", 21), ("fault.hang", 22)],
    ids=["row 20", "row 21", "row 22"],
)
def test_an_operation_that_harms_every_time(operation: str, seed: int, lab: Lab, worker: Worker) -> None:
    """Row 20 raises, row 21 kills its process, row 22 hangs: 500 and a dead letter, and its neighbours never notice."""
    around = neighbours(seed, 40)
    lab.send(*around[:20], poison(operation, f"poison-{seed}"), *around[20:])
    evidence = lab.verify(within=60)
    assert statuses(lab, f"poison-{seed}") == [500]
    [letter] = [each for each in evidence.letters if json.loads(each["command"])["id"] == f"poison-{seed}"]
    assert "authorization" not in letter["command"]


def test_row_23_the_same_id_fifty_times_at_once_over_all_partitions(lab: Lab, worker: Worker) -> None:
    payload = {"name": "once", "defaultProfile": False}
    members = command("bolt", "provisionProfile.create", "row-23", payload=payload)
    lab.send(*[draft(members, "elsewhere", partition=number % PARTITIONS) for number in range(50)])
    evidence = lab.verify()
    told = [each.event for each in evidence.told if each.event.get("commandid") == "row-23"]
    assert [event["status"] for event in told] == [201] * 50
    assert sum(event.get("replayed", False) for event in told) == 49
    assert evidence.texts["table provisioning_profiles"].count("'once'") == 1


def test_row_24_the_same_id_for_another_command_and_in_two_tenants(lab: Lab, worker: Worker) -> None:
    for tenant in ("acme", "bolt"):
        for msisdn, tag in (("0824", "a"), ("0824", "b")):
            payload = {"msisdn": msisdn, "tag": tag}
            lab.send(draft(command(tenant, "subscriber.create", "row-24", params={"msisdn": msisdn}, payload=payload)))
    lab.verify()
    assert sorted(statuses(lab, "row-24")) == [201, 201, 422, 422]


@pytest.mark.parametrize("place", ["committed", "written"])
def test_row_03_a_read_is_told_as_it_was_though_its_batch_is_read_again(place: str, lab: Lab, worker: Worker) -> None:
    """Later commands of its batch have changed what it read, and were committed."""
    lab.switch(place, "kill")
    msisdn = f"083{len(place)}"
    create = command("cove", "subscriber.create", f"{place}-1", params={"msisdn": msisdn}, payload={"msisdn": msisdn})
    at = {"params": {"msisdn": msisdn}}
    with psycopg.connect(lab.database.replace("+psycopg", "")) as holder:
        holder.execute("select * from partitions for update")  # so that all come in one batch
        lab.send(
            draft(create),
            draft(command("cove", "subscriber.get", f"{place}-2", **at)),
            draft(command("cove", "fault.count", f"{place}-3", dryRun=True, **at)),
            draft(command("cove", "fault.count", f"{place}-4", **at)),
            draft(command("cove", "subscriber.delete", f"{place}-5", **at)),
        )
    wait_for(lambda: lab.reached(place), within=5)
    lab.verify()


def test_row_25_a_backlog_above_the_limit(make_lab: "Callable[..., Lab]") -> None:
    """The newest are refused, in their order, and can be sent again."""
    lab = make_lab(environment={"SPCM_BACKLOG_LIMIT": str(LIMIT)})
    at = {"params": {"msisdn": "0825"}}
    create = command("acme", "subscriber.create", "row-25", payload={"msisdn": "0825"}, **at)
    counts = [command("acme", "fault.count", f"row-25-{number}", **at) for number in range(LIMIT + 2_000)]
    lab.send(draft(create), *[draft(each) for each in counts])
    lab.start_worker()
    lab.settle()
    told = {each.event["commandid"]: each.event["status"] for each in lab.evidence().told}
    assert list(told) == ["row-25", *(each["id"] for each in counts)]
    refused = [each for each in counts if told[each["id"]] == 503]
    assert refused == counts[LIMIT - 1 :]
    for begin in range(0, len(refused), LIMIT):
        lab.send(*[draft(each) for each in refused[begin : begin + LIMIT]])
        lab.settle()
    evidence = lab.verify()
    assert evidence.subscribers[0]["zone"] == str(len(counts))


def test_row_03_after_a_death_only_what_was_taken_is_taken_singly(lab: Lab, worker: Worker) -> None:
    """Two commands were in the batch that died; the hundred that came later are not its fault."""
    lab.settle()
    lab.switch("taken", "kill")
    first = [command("cove", "fault.count", f"few-{number}", params={"msisdn": "0839"}) for number in range(2)]
    later = [command("cove", "fault.count", f"many-{number}", params={"msisdn": "0839"}) for number in range(100)]
    with psycopg.connect(lab.database.replace("+psycopg", "")) as holder:
        holder.execute("select * from partitions for update")
        lab.send(*[draft(each) for each in first])
        holder.rollback()
        wait_for(lambda: lab.reached("taken"), within=5)
        holder.execute("select * from partitions for update")
        lab.send(*[draft(each) for each in later])
    evidence = lab.verify()
    moments = {each.event["commandid"]: each.event["time"] for each in evidence.told}
    assert len({moments[each["id"]] for each in later}) < 20, "they were executed in more than a few batches"
