"""An import and its workers are killed at random moments; run again, it ends as if nothing had been."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from adapters.database import make_engine
from adapters.keys import PARTITIONS
from adapters.migrations import migrate
from adapters.tenants import add_tenant
from adapters.users import add_user
from adapters.valkey import Valkey
from domain.permissions import Permission
from examples.migration.make_subscribers import ONE_IN, write
from tests.contract.installation import PASSWORD
from tests.engines import migrated
from tests.faults.worker import Worker
from tests.polling import POLL, wait_for
from tests.transfer.files import Files, failed_as_expected, remainder_of, report_of

LINES = 10_000
KILLS = 6
SEED = 1
WITHIN = 120.0


def test_every_line_is_accounted_for_and_none_is_done_twice(valkey: Valkey, database_url: str, tmp_path: Path) -> None:
    engine = make_engine(database_url)
    migrate(engine)
    with engine.begin() as connection:
        add_tenant(connection, "acme")
        add_user(connection, "acme", "oms", PASSWORD, Permission)
    files = Files(tmp_path, valkey.url, engine, "acme")
    path, wrong = files.folder / "subscribers.csv", files.folder / "wrong.csv"
    write(path, LINES, wrong)
    _import_with_kills(files, path, {"SPCM_REDIS_URL": valkey.url, "SPCM_DATABASE_URL": database_url})
    assert files.count() == LINES - LINES // ONE_IN
    # A line that had been done twice would be told as one whose subscriber exists.
    assert failed_as_expected(path, wrong)
    lines = path.read_bytes().splitlines(keepends=True)
    failed = [int(each["line"]) for each in report_of(path)]
    assert remainder_of(path).read_bytes() == lines[0] + b"".join(lines[number - 1] for number in failed)
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".part")] == []
    engine.dispose()


@pytest.fixture
def waiting(valkey: Valkey, sqlite_url: str, tmp_path: Path) -> Iterator[Files]:
    """Files whose import waits: there is no worker any more."""
    with Redis.from_url(valkey.url) as client:
        client.set(PARTITIONS, 8)
    with migrated(sqlite_url) as engine:
        yield Files(tmp_path, valkey.url, engine, "acme")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_import_that_is_told_to_end_leaves_nothing_begun_and_says_how_to_go_on(
    waiting: Files, valkey: Valkey, number: signal.Signals
) -> None:
    path = waiting.write("s.csv", "msisdn\n1\n")
    importer = waiting.start_import(path)
    with Redis.from_url(valkey.url) as client:
        wait_for(lambda: bool(client.keys("spcm:commands:*")), within=WITHIN)
    assert list(waiting.folder.glob(".*.part"))
    importer.send_signal(number)
    _, told = importer.communicate(timeout=WITHIN)
    assert importer.returncode == 130
    assert told == "spcm: run the same import again to go on\n"
    assert not list(waiting.folder.glob(".*.part"))


def test_an_import_that_redis_refuses_says_why_it_gives_up(waiting: Files, valkey: Valkey) -> None:
    path = waiting.write("s.csv", "msisdn\n1\n")
    with Redis.from_url(valkey.url) as client:
        client.config_set("maxmemory", 1)
    told = waiting.import_file(path, "--timeout", "2", status=2)
    assert "no outcome came within 2 s: " in told
    assert "used memory > 'maxmemory'" in told
    assert told.endswith("Run the same import again to go on\n")


def test_an_import_that_gives_up_says_whose_report_lies_there(waiting: Files) -> None:
    path = waiting.write("s.csv", "msisdn\n1\n")
    earlier = waiting.write("s.csv.report.csv", "line\n")
    told = waiting.import_file(path, "--timeout", "1", status=2)
    assert told.endswith(f"Run the same import again to go on; {earlier} is that of an earlier run\n")


def _import_with_kills(files: Files, path: Path, environment: dict[str, str]) -> None:
    chance = random.Random(SEED)
    moments = sorted(chance.sample(range(LINES * 9 // 10), KILLS))
    log = files.folder / "worker.log"
    worker = Worker(environment, log)
    with Redis.from_url(environment["SPCM_REDIS_URL"]) as client:
        wait_for(lambda: bool(client.exists(PARTITIONS)), within=WITHIN)
    importer = files.start_import(path)
    deadline = time.monotonic() + WITHIN
    try:
        for number, moment in enumerate(moments):
            while files.count() < moment:
                assert time.monotonic() < deadline, "it does not go on"
                assert importer.poll() is None, importer.communicate()
                time.sleep(POLL)
            if number % 2:
                worker.kill()
                worker = Worker(environment, log)
            else:
                importer.send_signal(signal.SIGKILL)
                importer.communicate()
                importer = files.start_import(path)
        out, err = importer.communicate(timeout=WITHIN)
        assert importer.returncode == 1, (out, err)
        assert "decided before, by an earlier run or before a connection was lost: " in out
    finally:
        importer.kill()
        importer.communicate()
        worker.kill()


def test_an_import_that_nobody_answers_asks_for_a_worker(waiting: Files) -> None:
    told = waiting.import_file(waiting.write("s.csv", "msisdn\n1\n"), "--timeout", "1", status=2)
    assert "no outcome came within 1 s: is a worker running? Run the same import again" in told


def test_where_no_worker_has_ever_started_nothing_is_sent(waiting: Files, valkey: Valkey) -> None:
    """The ids of its bulks depend on the number of partitions, which nobody has fixed yet."""
    with Redis.from_url(valkey.url) as client:
        client.delete(PARTITIONS)
        told = waiting.import_file(waiting.write("s.csv", "msisdn\n1\n"), status=2)
        assert told == "spcm: no worker has ever started here: `spcm up` or `celery -A workers.app worker` starts one\n"
        assert client.keys() == []
