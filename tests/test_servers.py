import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.polling import line_of
from tests.processes import gone
from tests.servers import Postgres, PostgresFailed

OWNER = """
import os, sys, time
from pathlib import Path
from tests.servers import Postgres
postgres = Postgres(Path(sys.argv[1]), fsync=False).start()
if os.fork() == 0:
    time.sleep(30)
    os._exit(0)
print(postgres.pid, flush=True)
time.sleep(60)
"""
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def running() -> Iterator[Postgres]:
    postgres = Postgres(tcp=True, max_connections=12, settings={"work_mem": "2MB"}).start()
    yield postgres
    postgres.stop()


def test_it_takes_queries_over_its_socket_and_over_tcp(running: Postgres) -> None:
    for url in (running.url(), running.url(tcp=True)):
        engine = create_engine(url)
        with engine.connect() as connection:
            assert connection.execute(text("select current_user")).scalar() == "postgres"
        engine.dispose()


def test_tcp_needs_its_password(running: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{running.port}/postgres")


def test_it_has_the_settings_asked_for(running: Postgres) -> None:
    names = "('fsync', 'max_connections', 'work_mem')"
    found = dict(running.execute(f"select name, current_setting(name) from pg_settings where name in {names}"))
    assert found == {"fsync": "on", "max_connections": "12", "work_mem": "2MB"}


def test_a_new_database_is_empty_and_can_be_dropped_while_in_use(running: Postgres) -> None:
    url = running.create_database("a new one")
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        assert connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() == (0,)
        running.drop_database("a new one")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")


def test_data_survive_a_kill_and_an_immediate_restart(running: Postgres) -> None:
    running.execute("create table kept (what text)")
    running.execute("insert into kept values (%s)", ["before the kill"])
    running.kill()
    assert not running.alive()
    running.start()
    running.execute("insert into kept values (%s)", ["before the restart"])
    running.restart("immediate")
    assert running.execute("select what from kept") == [("before the kill",), ("before the restart",)]


def test_a_setting_that_cannot_be_is_told_with_the_servers_own_words(running: Postgres) -> None:
    good = running.settings.pop("work_mem")
    running.settings["work_mem"] = "2 apples"
    try:
        with pytest.raises(PostgresFailed, match='invalid value for parameter "work_mem": "2 apples"'):
            running.restart()
    finally:
        running.settings["work_mem"] = good
        running.start()


def test_its_own_folder_goes_with_it() -> None:
    postgres = Postgres(fsync=False).start()
    postgres.kill()
    postgres.stop()
    assert not postgres.alive()
    assert not postgres.directory.exists()


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that whoever runs PostgreSQL can enter; those above pytest's own are for its user alone."""
    with tempfile.TemporaryDirectory(prefix="spcm-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def test_a_folder_too_long_for_a_socket_keeps_the_data_alone(folder: Path) -> None:
    postgres = Postgres(folder / ("long" * 30), fsync=False).start()
    postgres.stop()
    assert (postgres.directory / "data").exists()
    assert not postgres.socket.parent.exists()


def test_it_is_gone_soon_after_its_owner_is_killed(folder: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(folder / "pg")]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0, cwd=ROOT, start_new_session=True)
    assert owner.stdout is not None
    server = int(line_of(owner.stdout))
    owner.kill()
    assert gone(server, within=5)
    os.killpg(owner.pid, 9)
    owner.communicate()
