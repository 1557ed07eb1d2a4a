"""Faults of PostgreSQL: rows 12 to 17 of the fault list, but for the network's."""

import contextlib
import time
from collections.abc import Callable

import psycopg
import pytest

from tests.faults.lab import Lab
from tests.faults.ledger import Draft
from tests.faults.load import command, draft, partition_of
from tests.faults.trouble import OURS, admin, trouble
from tests.faults.worker import Worker
from tests.polling import wait_for


@pytest.fixture(scope="module")
def lab(make_lab: "Callable[..., Lab]") -> Lab:
    return make_lab(postgres_settings={"max_connections": "16"})


@pytest.fixture(scope="module")
def worker(lab: Lab) -> Worker:
    return lab.start_worker()


def times(lab: Lab, state: str) -> int:
    """How often the worker has logged this SQLSTATE."""
    return lab.evidence().texts["worker.log"].count(state)


LOCKED = "select 1 from subscribers where tenant = 'acme' and msisdn = %s for update"


def subscriber(verb: str, msisdn: str, payload: dict[str, str]) -> Draft:
    members = command("acme", f"subscriber.{verb}", f"{verb}-{msisdn}", params={"msisdn": msisdn}, payload=payload)
    return draft(members)


def waits_for_a_lock(lab: Lab) -> bool:
    assert lab.postgres is not None
    waiting = "select count(*) from pg_stat_activity where application_name = 'spcm' and wait_event_type = 'Lock'"
    [[count]] = lab.postgres.execute(waiting)
    return bool(count)


def test_row_12_backends_are_terminated_all_the_time(lab: Lab, worker: Worker) -> None:
    before = times(lab, "57P01")
    with lab.load(rate=200, seed=12):
        for _ in range(6):
            time.sleep(0.5)
            admin(lab, OURS)
        lab.moving()
    lab.verify()
    assert times(lab, "57P01") > before


def test_row_13_the_server_crashes_and_recovers(lab: Lab, worker: Worker) -> None:
    assert lab.postgres is not None
    with lab.load(rate=200, seed=13):
        for _ in range(2):
            time.sleep(1)
            lab.postgres.restart("immediate")
            lab.moving()
    lab.verify()


def test_row_14_the_database_is_gone_for_a_while(lab: Lab, worker: Worker) -> None:
    assert lab.postgres is not None
    with lab.load(rate=200, seed=14):
        time.sleep(0.5)
        lab.postgres.kill()
        time.sleep(3)
        assert sum(lab.backlog()) > 0
        lab.postgres.start()
        lab.moving()
    lab.verify()


def test_row_15_the_database_is_read_only(lab: Lab, worker: Worker) -> None:
    assert lab.postgres is not None
    before = times(lab, "25006")
    with lab.load(rate=100, seed=151):
        admin(lab, "alter database spcm set default_transaction_read_only = on")
        admin(lab, OURS)
        time.sleep(2)
        lab.postgres.execute("alter database spcm reset default_transaction_read_only")
        admin(lab, OURS)
        lab.moving()
    lab.verify()
    assert times(lab, "25006") > before


def test_row_15_the_database_is_out_of_connections(lab: Lab, worker: Worker) -> None:
    assert lab.postgres is not None
    url = lab.database.replace("+psycopg", "")
    with lab.load(rate=100, seed=152):
        with contextlib.ExitStack() as hogs:
            first = hogs.enter_context(psycopg.connect(url, autocommit=True))
            until = time.monotonic() + 2
            while time.monotonic() < until:
                first.execute(OURS.encode())
                with contextlib.suppress(psycopg.OperationalError):
                    while True:
                        hogs.enter_context(psycopg.connect(url))
                time.sleep(0.05)
        lab.moving()
    assert "too many clients" in lab.verify().texts["worker.log"]


@pytest.mark.parametrize(("state", "seed"), [("53100", 153), ("42501", 154)], ids=["disk full", "no right"])
def test_row_15_rows_cannot_be_written(state: str, seed: int, lab: Lab, worker: Worker) -> None:
    with lab.load(rate=100, seed=seed):
        with trouble(lab, state, 1):
            time.sleep(2)
        lab.moving()
    assert state in lab.verify().texts["worker.log"]


@pytest.mark.parametrize(("state", "seed"), [("40001", 172), ("40P01", 173), ("55P03", 174)])
def test_row_17_a_transaction_is_a_victim(state: str, seed: int, lab: Lab, worker: Worker) -> None:
    with lab.load(rate=100, seed=seed):
        with trouble(lab, state, 0.1):
            time.sleep(1.5)
        lab.moving()
    assert state in lab.verify().texts["worker.log"]


def test_row_17_somebody_holds_a_lock_for_long(lab: Lab, worker: Worker) -> None:
    """Longer than lock_timeout, and the commands that waited are executed."""
    before = times(lab, "55P03")
    with lab.load(rate=100, seed=171):
        with psycopg.connect(lab.database.replace("+psycopg", "")) as holder:
            holder.execute("lock table subscribers in exclusive mode")
            time.sleep(3)
            holder.rollback()
        lab.moving()
    lab.verify()
    assert times(lab, "55P03") > before


def test_row_17_a_change_of_many_rows_waits_for_a_lock(lab: Lab, worker: Worker) -> None:
    """It reaches the server while it is executed, not before or after as others do."""
    payload = {"filter": {"tag": "none"}, "subscriber": {"zone": "z"}}
    before = times(lab, "55P03")
    with psycopg.connect(lab.database.replace("+psycopg", "")) as holder:
        holder.execute("lock table subscribers in exclusive mode")
        lab.send(draft(command("acme", "subscriber.batchUpdate", "batch-17", payload=payload), "elsewhere"))
        time.sleep(3)
        holder.rollback()
    lab.verify()
    assert times(lab, "55P03") > before


def test_row_17_two_transactions_wait_for_each_other(lab: Lab, worker: Worker) -> None:
    """A batch holds the first and wants the second, somebody else the other way round: the server ends the batch."""
    before = times(lab, "40P01")
    first, second, *_ = [f"017{n}" for n in range(10, 100) if partition_of("acme", f"017{n}") == 0]
    lab.send(*[subscriber("create", number, {"msisdn": number}) for number in (first, second)])
    lab.settle()
    url = lab.database.replace("+psycopg", "")
    with psycopg.connect(url) as other, psycopg.connect(url) as gate:
        other.execute("set local deadlock_timeout = '10s'")  # it is the batch that notices, after the server's second
        other.execute(LOCKED, [second])
        gate.execute("select * from partitions for update")  # so that both come in one batch
        lab.send(*[subscriber("update", number, {"zone": "1"}) for number in (first, second)])
        gate.rollback()
        wait_for(lambda: waits_for_a_lock(lab), within=5)
        other.execute(LOCKED, [first])
    lab.verify()
    assert times(lab, "40P01") > before
