"""Servers for tests: started when the first test asks for one, gone when the run ends.

Imports of servers and drivers are inside the fixtures, so that a run of tests that need none starts at once.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from adapters.valkey import Valkey
    from tests.contract.installation import Installation
    from tests.faults.proxy import Proxy
    from tests.servers import Postgres

TEST_DATABASE_URL = "SPCM_TEST_DATABASE_URL"

COLOURED = ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "TTY_COMPATIBLE")

# What a developer has set for their own SPCM must not reach a test, nor a process that a test starts. Nor what steers
# libpq, or makes a pipe as colourful as a terminal, as some CIs ask.
for _name in [name for name in os.environ if name.startswith(("SPCM_", "PG")) or name in COLOURED]:
    if _name != TEST_DATABASE_URL:
        del os.environ[_name]


@pytest.fixture(scope="session", autouse=True)
def _tidy_end() -> None:
    """A run that is told to end takes with it what its tests have started, as after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A killed worker leaves a folder of billiard's: it goes with all that is temporary when the run ends."""
    tmp_path_factory.getbasetemp()  # pytest's own stays where it is, for those who look at what failed
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="spcm-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may run as somebody else
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture(scope="session")
def _shared_valkey(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Valkey]":
    import redis

    from adapters.valkey import Valkey

    valkey = Valkey.start(tmp_path_factory.mktemp("valkey"))
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("appendonly", "no")  # nobody restarts this one
    yield valkey
    valkey.stop()


@pytest.fixture
def redis_url(_shared_valkey: "Valkey") -> str:
    """An empty Valkey. It is shared by the tests of a run: one that stops or kills it takes `valkey` instead."""
    import redis

    with redis.Redis.from_url(_shared_valkey.url) as client:
        client.flushall()
    return _shared_valkey.url


@pytest.fixture
def proxy(redis_url: str) -> "Iterator[Proxy]":
    """A way to that Valkey which is slow, and on which connections break, as a test wants it."""
    from sqlalchemy import make_url

    from tests.faults.proxy import Proxy

    with Proxy(("127.0.0.1", make_url(redis_url).port or 0)) as proxy:
        yield proxy


@pytest.fixture
def proxied_url(redis_url: str, proxy: "Proxy") -> str:
    """The URL of that way."""
    from sqlalchemy import make_url

    return make_url(redis_url).set(port=proxy.port).render_as_string(hide_password=False)


@pytest.fixture
def valkey(tmp_path: Path) -> "Iterator[Valkey]":
    """A Valkey of the test's own, which keeps every write: kill() it and start it again in its `directory`.

    A test that starts another one stops it; it goes with the test run at the latest.
    """
    from adapters.valkey import Valkey

    valkey = Valkey.start(tmp_path / "valkey")
    yield valkey
    valkey.stop()


@pytest.fixture(scope="session")
def _postgres_url() -> Iterator[str]:
    """The server on which tests get databases: SPCM_TEST_DATABASE_URL, or one of our own."""
    if url := os.environ.get(TEST_DATABASE_URL):
        yield url
        return
    from tests.servers import Postgres

    postgres = Postgres(fsync=False).start()
    yield postgres.url()
    postgres.stop("immediate")


@pytest.fixture
def postgres_url(_postgres_url: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own, without tables."""
    from tests.engines import empty_database

    with empty_database(_postgres_url) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'spcm.sqlite'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of the test's own, without tables; the test runs on each engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def postgres_server() -> "Iterator[Postgres]":
    """A PostgreSQL of the test's own, with fsync and with TCP, to kill, stop and restart."""
    from tests.servers import Postgres

    postgres = Postgres(tcp=True).start()
    yield postgres
    postgres.stop("immediate")


@pytest.fixture(scope="session")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Engine]":
    """Over a database with tables, shared by the tests of a run: each takes a tenant of its own, or rolls back."""
    from tests.engines import migrated

    with migrated(f"sqlite:///{tmp_path_factory.mktemp('engine') / 'spcm.sqlite'}") as engine:
        yield engine


@pytest.fixture(scope="session")
def postgres_engine(_postgres_url: str) -> "Iterator[Engine]":
    """As `sqlite_engine`, on PostgreSQL."""
    from tests.engines import empty_database, migrated

    with empty_database(_postgres_url) as url, migrated(url) as engine:
        yield engine


@pytest.fixture(scope="session")
def sqlite_installation(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Installation]":
    """A running SPCM, shared by the tests of a run: each takes a tenant of its own."""
    from tests.contract.installation import Installation

    directory = tmp_path_factory.mktemp("installation-sqlite")
    installation = Installation(directory, f"sqlite:///{directory / 'spcm.sqlite'}")
    yield installation
    installation.stop()


@pytest.fixture(scope="session")
def postgres_installation(_postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Installation]":
    """As `sqlite_installation`, on PostgreSQL."""
    from tests.contract.installation import Installation
    from tests.engines import empty_database

    with empty_database(_postgres_url) as url:
        installation = Installation(tmp_path_factory.mktemp("installation-postgres"), url)
        yield installation
        installation.stop()
