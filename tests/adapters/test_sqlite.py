import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, make_url, text

from adapters.database import make_engine
from adapters.failures import Contended, Unavailable
from adapters.sqlite import BUSY_LOOK, READS

FULL = 2  # of SQLite's synchronous: fsync at each commit


def test_whoever_comes_second_waits_and_sees_what_the_first_has_done(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("create table counted (number integer)"))
        connection.execute(text("insert into counted values (0)"))
    coming = Event()

    def count() -> None:
        coming.set()
        with engine.begin() as connection:
            number = connection.scalar(text("select number from counted"))
            connection.execute(text("update counted set number = :number"), {"number": number + 1})

    with ThreadPoolExecutor(1) as beside:
        with engine.begin() as connection:
            connection.execute(text("update counted set number = 1"))
            second = beside.submit(count)
            coming.wait()
            time.sleep(0.3)  # until it waits
        second.result()
    with engine.connect().execution_options(**READS) as connection:
        assert connection.scalar(text("select number from counted")) == 2
    engine.dispose()


def test_whoever_waits_looks_again_and_again(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make_engine(sqlite_url)
    writer = engine.connect()
    writer.begin()
    looks = []

    def look_later(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 300:
            writer.rollback()

    monkeypatch.setattr("adapters.sqlite.time.sleep", look_later)
    with engine.begin():
        assert looks == [BUSY_LOOK] * 300
    writer.close()
    engine.dispose()


def test_who_waits_for_too_long_is_told_so(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url, statement_timeout=200)
    with engine.begin(), pytest.raises(Contended, match="SQLITE_BUSY"), engine.begin():
        pass
    engine.dispose()


def test_who_only_reads_waits_for_nobody(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("create table counted (number integer)"))
    with engine.begin() as writer, engine.connect().execution_options(**READS) as reader:
        writer.execute(text("insert into counted values (0)"))
        assert reader.scalar(text("select count(*) from counted")) == 0
    engine.dispose()


def test_what_is_committed_is_on_the_disk(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    with engine.connect().execution_options(**READS) as connection:
        assert connection.scalar(text("pragma journal_mode")) == "wal"
        assert connection.scalar(text("pragma synchronous")) == FULL
    engine.dispose()


@pytest.mark.parametrize(("statement_timeout", "waits"), [(20_000, 5_000), (1_333, 1_333)])
def test_a_lock_of_others_is_waited_for_less_long_than_a_task_may_take(
    statement_timeout: int, waits: int, sqlite_url: str
) -> None:
    engine = make_engine(sqlite_url, statement_timeout=statement_timeout)
    with engine.connect().execution_options(**READS) as connection:
        assert connection.scalar(text("pragma busy_timeout")) == waits
    engine.dispose()


class TestALongLog:
    @pytest.fixture
    def log(self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr("adapters.sqlite.LONG_LOG", 1)
        return Path(f"{make_url(sqlite_url).database}-wal")

    def test_begins_anew(self, sqlite_url: str, log: Path) -> None:
        engine = make_engine(sqlite_url)
        assert len({size_after(engine, log) for _ in range(20)}) < 3
        engine.dispose()
        assert counted(log.with_name("spcm.sqlite")) == 20

    def test_begins_anew_also_beside_a_file_that_a_link_leads_to(self, tmp_path: Path, log: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        link = tmp_path / "elsewhere" / "link.sqlite"
        link.symlink_to(log.with_name("spcm.sqlite"))
        engine = make_engine(f"sqlite:///{link}")
        assert len({size_after(engine, log) for _ in range(20)}) < 3
        engine.dispose()

    def test_is_kept_for_as_long_as_somebody_reads_what_is_in_it(self, sqlite_url: str, log: Path) -> None:
        engine = make_engine(sqlite_url)
        count_up(engine)
        with engine.connect().execution_options(**READS) as reader:
            assert reader.scalar(text("select count(*) from counted")) == 1
            sizes = [size_after(engine, log) for _ in range(4)]
            assert sizes == sorted(set(sizes))
            assert reader.scalar(text("select count(*) from counted")) == 1
        assert max(size_after(engine, log) for _ in range(30)) < 3 * sizes[-1]
        engine.dispose()
        assert counted(log.with_name("spcm.sqlite")) == 35


def size_after(engine: Engine, log: Path) -> int:
    count_up(engine)
    return log.stat().st_size


def count_up(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("create table if not exists counted (number integer)"))
        connection.execute(text("insert into counted values (0)"))


def back_up(path: Path, backup: Path) -> None:
    with sqlite3.connect(path) as connection, sqlite3.connect(backup) as copy:
        connection.backup(copy)
    connection.close()
    copy.close()


def counted(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        number: int = connection.execute("select count(*) from counted").fetchone()[0]
    connection.close()
    return number


def test_what_comes_after_the_file_was_replaced_is_in_the_new_one(sqlite_url: str) -> None:
    path, backup = (Path(make_url(sqlite_url).database or "").with_suffix(end) for end in (".sqlite", ".backup"))
    engine = make_engine(sqlite_url)
    count_up(engine)
    back_up(path, backup)
    for each in path.parent.glob("spcm.sqlite*"):
        each.unlink()
    backup.rename(path)
    count_up(engine)
    assert counted(path) == 2
    engine.dispose()
    assert counted(path) == 2


def test_the_log_of_another_file_is_not_laid_over_the_one_in_its_place(sqlite_url: str, tmp_path: Path) -> None:
    path, backup = Path(make_url(sqlite_url).database or ""), tmp_path / "backup.sqlite"
    engine = make_engine(sqlite_url)
    count_up(engine)
    back_up(path, backup)
    count_up(engine)
    backup.rename(path)
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"is another file than before: remove spcm\.sqlite-wal beside it$"):
            count_up(engine)
    path.with_name("spcm.sqlite-wal").unlink()
    path.with_name("spcm.sqlite-shm").unlink()
    count_up(engine)
    engine.dispose()
    assert counted(path) == 2


def test_nothing_goes_on_in_a_log_that_was_removed(sqlite_url: str) -> None:
    path = Path(make_url(sqlite_url).database or "")
    engine = make_engine(sqlite_url)
    count_up(engine)
    path.with_name("spcm.sqlite-wal").unlink()
    count_up(engine)
    assert counted(path) == 2
    engine.dispose()


def test_a_file_that_was_removed_is_waited_for(sqlite_url: str) -> None:
    path = Path(make_url(sqlite_url).database or "")
    engine = make_engine(sqlite_url)
    count_up(engine)
    path.rename(path.with_suffix(".away"))
    for _ in range(2):
        with pytest.raises(Unavailable, match=r"is gone, but not spcm\.sqlite-wal: put the file back beside it"):
            count_up(engine)
        assert not path.exists()
    path.with_suffix(".away").rename(path)
    count_up(engine)
    engine.dispose()
    assert counted(path) == 2


@pytest.mark.parametrize("left", ["nothing", "an empty file"])
def test_who_begins_while_the_file_is_away_harms_nothing(left: str, sqlite_url: str, tmp_path: Path) -> None:
    """SQLite removes a log beside an empty file; and of all that is in it only this one's connections would know."""
    path = Path(make_url(sqlite_url).database or "")
    dying, beginning = make_engine(sqlite_url), make_engine(sqlite_url)
    count_up(dying)
    path.rename(path.with_suffix(".away"))
    if left == "an empty file":
        path.touch()
    with pytest.raises(Unavailable, match="put the file back"):
        count_up(beginning)
    path.with_suffix(".away").replace(path)
    saved = [shutil.copy(path.with_name(f"spcm.sqlite{end}"), tmp_path / f"saved{end}") for end in ("", "-wal")]
    dying.dispose()  # it does not die here: what it would have left is in the copies
    assert counted(Path(saved[0])) == 1
