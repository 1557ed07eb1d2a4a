"""Clocks that are wrong: row 19 of the fault list."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from adapters.keys import command_stream
from adapters.redis_client import connect
from adapters.retention import Retention
from adapters.tables import journal
from adapters.valkey import Valkey
from tests.engines import migrated
from tests.faults.clock import LIBRARY, clock
from tests.faults.lab import Lab
from tests.workers.bench import Bench

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="libfaketime brings no library for this system")


def test_row_19_workers_live_in_different_hours(make_lab: "Callable[..., Lab]") -> None:
    lab = make_lab()
    lab.start_worker(concurrency=1, environment=clock("+1h"))
    lab.start_worker(concurrency=1, environment=clock("-1h"))
    with lab.load(rate=300, seed=19):
        time.sleep(1)
        lab.switch("committed", "kill")
        time.sleep(1)
        lab.moving()
    evidence = lab.verify()
    hours = {each.event["time"][:13] for each in evidence.told}
    assert len(hours) > 1, "the clocks were not wrong"


def test_row_19_redis_goes_back_by_an_hour(make_lab: "Callable[..., Lab]", monkeypatch: pytest.MonkeyPatch) -> None:
    lab = make_lab()
    lab.start_worker()
    with lab.load(rate=200, seed=191):
        time.sleep(0.5)
        before = lab.now()
        lab.valkey.kill()
        for name, value in clock("-1h").items():
            monkeypatch.setenv(name, value)
        lab.restart_valkey()
        monkeypatch.undo()
        assert lab.now() < before, "its clock did not go back"
        lab.moving()
    lab.verify()


DAY = timedelta(days=1)


class Apart:
    """A bench whose Redis has another clock than who drains it: 40 days off, which is longer than the journal keeps."""

    def __init__(self, engine: Engine, client: Any) -> None:
        self.bench = Bench(engine, client)
        self.maintain = Retention(engine, client, journal=30 * DAY, outcomes=30 * DAY).run

    def execute_at(self, time: datetime) -> None:
        """As by somebody whose clock said so."""
        self.bench.send("071")
        self.bench.drain()
        with self.bench.engine.begin() as connection:
            connection.execute(update(journal).values(executed_at=int(time.timestamp() * 1000)))

    def executed_at(self) -> datetime:
        with self.bench.engine.connect() as connection:
            milliseconds = connection.execute(select(journal.c.executed_at)).scalar_one()
        return datetime.fromtimestamp(milliseconds / 1000, UTC)


@contextmanager
def apart(folder: Path, offset: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Apart]:
    for name, value in clock(offset).items():
        monkeypatch.setenv(name, value)
    valkey = Valkey.start(folder / "valkey")
    monkeypatch.undo()
    try:
        with migrated(f"sqlite:///{folder / 'spcm.sqlite'}") as engine, connect(valkey.url) as client:
            yield Apart(engine, client)
    finally:
        valkey.stop()


def test_whose_clock_is_ahead_forgets_nothing_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with apart(tmp_path, "-40d", monkeypatch) as it:
        it.execute_at(it.bench.streams.now())  # by another, whose clock is that of Redis
        assert it.maintain() == 0
        assert datetime.now(UTC) - it.executed_at() > 39 * DAY


def test_a_redis_whose_clock_is_ahead_makes_nobody_forget_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with apart(tmp_path, "+40d", monkeypatch) as it:
        it.execute_at(datetime.now(UTC))  # before Redis' clock went wrong
        assert it.maintain() == 0


def test_what_is_executed_by_a_clock_that_is_behind_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with apart(tmp_path, "+40d", monkeypatch) as it:
        it.bench.send("071")
        it.bench.drain()
        assert it.executed_at() - datetime.now(UTC) > 39 * DAY


def test_an_id_that_a_publisher_has_chosen_is_not_taken_for_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with apart(tmp_path, "+0", monkeypatch) as it:
        it.bench.client.xadd(command_stream(0), {"command": "{}"}, id=f"{2**64 - 2}-0")
        it.bench.send("071")
        it.bench.drain()
        assert abs(it.executed_at() - datetime.now(UTC)) < DAY
