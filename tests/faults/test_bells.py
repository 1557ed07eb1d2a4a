"""Bells that are lost, forged or too many, retention, and clocks: rows 19, 26 and 27 of the fault list."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from adapters.database import make_engine
from adapters.keys import BELLS, UNATTRIBUTED, outcome_stream
from adapters.tables import journal
from tests.faults.checker import check
from tests.faults.evidence import Told
from tests.faults.forged import FORGED
from tests.faults.lab import SOON, Lab
from tests.faults.ledger import place_of
from tests.faults.load import PARTITIONS, TENANTS, Load
from tests.faults.thieves import thieves
from tests.faults.worker import Worker
from tests.polling import wait_for
from workers.queue import DRAIN, queue_entry


@pytest.fixture(scope="module")
def worker(lab: Lab) -> Worker:
    return lab.start_worker()


def test_row_26_bells_are_lost(lab: Lab, worker: Worker) -> None:
    with lab.load(rate=200, seed=261):
        with thieves(lab) as stolen:
            time.sleep(3)
        lab.moving()
    lab.verify()
    assert len(stolen) >= PARTITIONS


def test_row_26_bells_are_lost_and_no_command_comes_after_them(lab: Lab, worker: Worker) -> None:
    lab.settle()
    with thieves(lab) as stolen:
        lab.send(*Load(264).take(100))
        wait_for(lambda: len(stolen) >= PARTITIONS // 2, within=10)
    lab.verify()


def test_row_19_bells_were_rung_before_redis_went_back_by_an_hour(lab: Lab, worker: Worker) -> None:
    """Redis keeps the moment at which a key ends, which then is an hour away."""
    lab.settle()
    for partition in range(PARTITIONS):
        lab.client.set(f"spcm:bell:{partition}", 1, px=3_600_000)
    lab.send(*Load(19).take(50))
    lab.verify()


def test_row_26_bells_are_forged(lab: Lab, worker: Worker) -> None:
    with lab.load(rate=100, seed=262):
        for message in FORGED:
            lab.client.lpush(BELLS, message)
            lab.client.rpush(BELLS, message)
        lab.moving()
    evidence = lab.verify()
    assert evidence.texts["worker.log"].count("dropped-message") > len(FORGED)
    assert worker.alive()
    wait_for(worker.complete, within=10)


def test_row_26_bells_are_repeated_a_thousand_times(lab: Lab, worker: Worker) -> None:
    messages = [queue_entry(DRAIN, [number % 8]).encode() for number in range(1000)]
    with lab.load(rate=100, seed=263):
        lab.client.lpush(BELLS, *messages)
        lab.moving()
    lab.verify()


def test_row_27_streams_are_trimmed_under_load(make_lab: "Callable[..., Lab]") -> None:
    """Who reads within the retention misses nothing; who comes later finds little more than the retention."""
    lab = make_lab(environment={"SPCM_OUTCOME_RETENTION": "2s"})
    lab.start_worker()
    seen: dict[tuple[str, str], Told] = {}
    position = {outcome_stream(name): "0-0" for name in (*TENANTS, UNATTRIBUTED)}

    def read() -> None:
        found: Any = lab.client.xread(position)  # type: ignore[arg-type]
        for stream, entries in found:
            name = stream.decode()
            for entry, fields in entries:
                position[name] = entry.decode()
                seen[name, position[name]] = Told(name, position[name], json.loads(fields[b"event"]))

    with lab.load(rate=400, seed=27):
        until = time.monotonic() + 6
        while time.monotonic() < until:
            lab.client.delete("spcm:maintenance")  # so that the worker trims at once
            read()
            time.sleep(0.05)
    lab.settle()
    read()
    evidence = lab.evidence()
    evidence.told = [seen[key] for key in sorted(seen, key=lambda key: (key[0], place_of(key[1])))]
    assert check(evidence) == []

    def little_is_left() -> bool:
        lab.client.delete("spcm:maintenance")
        return all(lab.client.xlen(stream) < 200 for stream in position)  # Redis trims by whole nodes, of a hundred

    wait_for(little_is_left, within=SOON)
    assert len(seen) > 1000


def test_row_27_a_worker_forgets_what_is_older_than_the_retention(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab(sqlite=True, environment={"SPCM_JOURNAL_RETENTION": "3d"})
    engine = make_engine(lab.database)
    with engine.begin() as connection:
        for days in 2, 4:
            executed_at = int((lab.now() - timedelta(days=days)).timestamp() * 1000)
            row = dict.fromkeys(("fingerprint", "operation", "correlation_id", "fate"), "x")
            row |= {"tenant": "acme", "command_id": f"{days} days old", "event_id": f"0-{days}-1"}
            connection.execute(insert(journal).values(row | {"executed_at": executed_at, "status": 200}))
    lab.start_worker()

    def kept() -> list[str]:
        with engine.connect() as connection:
            return list(connection.scalars(select(journal.c.command_id)))

    wait_for(lambda: len(kept()) < 2, within=SOON)
    assert kept() == ["2 days old"]
    engine.dispose()


def test_a_worker_whose_bell_cannot_go_on_ends(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab()
    worker = lab.start_worker()
    lab.client.set("spcm:partitions", "abc")
    lab.client.delete("spcm:maintenance")  # so that the worker looks at once
    assert worker.wait(20) == 1
    assert b"spcm:partitions in Redis holds no number" in worker.said()
