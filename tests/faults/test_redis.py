"""Faults of Redis: rows 6 to 11 of the fault list."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
import redis

from adapters.database import make_engine
from adapters.republication import republish
from tests.faults.checker import check
from tests.faults.lab import SOON, Lab
from tests.faults.ledger import Draft
from tests.faults.load import PARTITIONS, Load, Publisher, command, draft
from tests.faults.worker import Worker
from tests.polling import wait_for

AOF_CUT_BY = 2.0  # seconds: what `appendfsync everysec` can lose


@pytest.fixture(scope="module")
def worker(lab: Lab) -> Worker:
    return lab.start_worker()


def test_row_06_redis_is_killed_and_restarted_under_load(lab: Lab, worker: Worker) -> None:
    with lab.load(rate=200, seed=6):
        for _ in range(2):
            time.sleep(0.5)
            lab.valkey.kill()
            lab.restart_valkey()
            lab.moving()
    lab.verify()
    assert worker.alive()


def test_row_07_redis_is_stopped_for_longer_than_its_clients_wait(lab: Lab, worker: Worker) -> None:
    with lab.load(rate=200, seed=7):
        time.sleep(0.3)
        os.kill(lab.valkey.pid, signal.SIGSTOP)
        time.sleep(6.5)
        os.kill(lab.valkey.pid, signal.SIGCONT)
        lab.moving()
    lab.verify()


def test_row_08_clients_are_cut_off_and_scripts_forgotten(lab: Lab, worker: Worker) -> None:
    with lab.load(rate=200, seed=8):
        for _ in range(5):
            lab.client.script_flush()
            lab.client.client_kill_filter(_type="normal", skipme=True)
            lab.moving()
    lab.verify()


def test_row_11_redis_is_full(lab: Lab, worker: Worker) -> None:
    with lab.load(rate=200, seed=9) as running:
        time.sleep(0.3)
        lab.client.config_set("maxmemory", 1)
        wait_for(lambda: running.publisher.refused > 0, within=5)
        time.sleep(1)
        lab.client.config_set("maxmemory", 0)
        lab.moving()
    lab.verify()
    assert worker.alive()


def test_a_full_redis_is_relieved_of_what_is_too_old(lab: Lab, worker: Worker) -> None:
    """The clean-up's own claim and bell would need memory."""
    lab.settle()
    quiet = "spcm:outcomes:quiet"
    with lab.client.pipeline() as pipeline:
        for number in range(20_000):
            pipeline.xadd(quiet, {"event": "x" * 100}, id=f"1-{number + 1}")
        pipeline.execute()
    try:
        lab.client.config_set("maxmemory", 1)
        wait_for(lambda: lab.client.xlen(quiet) < 200, within=SOON)
    finally:
        lab.client.config_set("maxmemory", 0)
        lab.client.delete(quiet)


def test_redis_takes_no_writes_for_a_while(lab: Lab, worker: Worker) -> None:
    """As in a failover: it is a replica, then it is not."""
    with lab.load(rate=200, seed=92) as running:
        time.sleep(0.3)
        lab.client.replicaof("127.0.0.1", 1)
        wait_for(lambda: running.publisher.refused > 0, within=5)
        time.sleep(2)
        lab.client.replicaof("NO", "ONE")
        lab.moving()
    assert "ReadOnlyError" in lab.verify().texts["worker.log"]
    assert worker.alive()


def test_row_09_redis_loses_its_last_two_seconds(lab: Lab, worker: Worker) -> None:
    """What was lost the publisher sends again: nothing is executed twice, and everything is answered."""
    numbers = [f"09{number:02d}" for number in range(20)]
    new = {
        number: command("acme", "subscriber.create", f"nine-{number}", params={"msisdn": number}) for number in numbers
    }
    lab.send(*[draft(each | {"payload": {"msisdn": number}}) for number, each in new.items()])
    lab.settle()
    drafts: list[Draft] = []
    aof = newest_aof(lab.folder / "valkey")
    began = time.monotonic()
    while time.monotonic() < began + 1.5 + AOF_CUT_BY:
        if time.monotonic() < began + 1.5:
            size = aof.stat().st_size
        some = [
            draft(command("acme", "fault.count", f"nine-{number}-{len(drafts)}", params={"msisdn": number}))
            for number in numbers
        ]
        lab.send(*some)
        drafts += some
        time.sleep(0.05)
    lab.valkey.kill()
    os.truncate(aof, size)
    lab.restart_valkey()
    lab.settle()
    answered = {(each.event.get("tenant"), each.event.get("commandid")) for each in lab.evidence().told}
    unanswered = [each for each in drafts if name(each) not in answered]
    assert unanswered, "nothing was lost: the test tests nothing"
    publisher = Publisher(lab.valkey.url, lab.ledger)
    publisher.insist(unanswered)
    lab.settle()
    evidence = lab.evidence()
    answered = {(each.event.get("tenant"), each.event.get("commandid")) for each in evidence.told}
    assert not [each for each in drafts if name(each) not in answered]
    assert not {finding.damage for finding in check(evidence)} & {"doubled outcome", "leftover", "secret"}
    counted = {row["msisdn"]: row["zone"] for row in evidence.subscribers if row["msisdn"] in numbers}
    assert counted == dict.fromkeys(numbers, str(len(drafts) // len(numbers)))


def test_row_10_redis_is_emptied_and_told_the_outcomes_again(lab: Lab, worker: Worker) -> None:
    since = lab.now()
    first = Load(10, numbers=1000)
    lab.send(*[each for each in first.take(200) if each.kind == "good"])
    lab.settle()
    before = {row["event_id"] for row in lab.evidence().journal}
    told = [each for each in lab.evidence().told if each.event["id"] in before and each.event.get("tenant") == "acme"]
    told = [each for each in told if each.event["time"] >= since.isoformat()[:23]]
    lab.client.flushall()
    engine = make_engine(lab.database)
    assert republish(engine, lab.client, "acme", since) == len(told) > 0
    engine.dispose()
    again = lab.evidence().told
    assert sorted(json.dumps(each.event, sort_keys=True) for each in again) == sorted(
        json.dumps(each.event, sort_keys=True) for each in told
    )
    wait_for(lambda: lab.client.get("spcm:partitions") == str(PARTITIONS).encode(), within=5)
    lab.send(*Load(101).take(20))
    lab.settle()


def test_the_number_of_partitions_is_told_again_where_redis_has_lost_it_alone(lab: Lab, worker: Worker) -> None:
    for _ in range(2):  # within the ten minutes between two clean-ups
        lab.client.delete("spcm:partitions")
        wait_for(lambda: lab.client.get("spcm:partitions") == str(PARTITIONS).encode(), within=5)


def newest_aof(folder: Path) -> Path:
    return max((folder / "appendonlydir").glob("*.incr.aof"), key=lambda path: path.stat().st_mtime)


def name(draft: Draft) -> tuple[str, str]:
    members = json.loads(draft.raw)
    return members["tenant"], members["id"]


def test_a_publisher_is_told_that_redis_is_full(lab: Lab) -> None:
    lab.client.config_set("maxmemory", 1)
    try:
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            lab.client.xadd("spcm:commands:0", {"command": "{}"})
    finally:
        lab.client.config_set("maxmemory", 0)
