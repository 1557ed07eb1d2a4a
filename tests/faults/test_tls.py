"""TLS to Redis and PostgreSQL: certificates are verified unless somebody says otherwise."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from adapters.database import make_engine
from adapters.failures import Unavailable
from adapters.redis_client import connect
from adapters.redis_failures import redis_failures
from tests.faults.lab import Lab
from tests.faults.tls import Authority, tls_proxy
from tests.faults.worker import ROOT
from tests.polling import wait_for

HERE = "127.0.0.1"


@dataclass
class Ends:
    """A lab's servers behind TLS: `good` shows a certificate of its address, `other` one of another name."""

    lab: Lab
    authority: Authority
    redis: dict[str, int]
    postgres: dict[str, int]

    def redis_url(self, end: str = "good", *, trusted: Path | None = None) -> str:
        url = self.lab.valkey.url.replace("redis://", "rediss://").replace(
            f":{self.lab.valkey.port}/", f":{self.redis[end]}/"
        )
        return f"{url}?ssl_ca_certs={trusted}" if trusted else url

    def database_url(self, end: str = "good", *, host: str = HERE, **query: str) -> str:
        """`host` is a name for this one, which only certificates know."""
        assert self.lab.postgres is not None
        name = make_url(self.lab.database).database or ""
        url = make_url(self.lab.postgres.url(name, port=self.postgres[end])).set(host=host)
        query |= {} if host == HERE else {"hostaddr": HERE}
        return url.update_query_dict(query).render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def ends(make_lab: "Callable[..., Lab]", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ends]:
    lab = make_lab(proxied=True)
    assert lab.postgres is not None
    authority = Authority(tmp_path_factory.mktemp("ca"))
    good, other = authority.server(HERE), authority.server("elsewhere.example")
    with (
        tls_proxy(lab.valkey.port, good) as redis_good,
        tls_proxy(lab.valkey.port, other) as redis_other,
        tls_proxy(lab.postgres.port, good, postgres=True) as postgres_good,
        tls_proxy(lab.postgres.port, other, postgres=True) as postgres_other,
    ):
        yield Ends(
            lab,
            authority,
            {"good": redis_good, "other": redis_other},
            {"good": postgres_good, "other": postgres_other, "plain": lab.postgres.port},
        )


def answers(url: str) -> bool:
    try:
        with redis_failures(), connect(url) as client:
            return bool(client.ping())
    except Unavailable:
        return False


def stranger(folder: Path) -> Path:
    """An authority that has signed nothing here."""
    return Authority(folder).file


def takes_queries(url: str) -> bool:
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return bool(connection.scalar(text("select 1")) == 1)
    except Unavailable:
        return False
    finally:
        engine.dispose()


def test_the_whole_path_works_over_tls(ends: Ends) -> None:
    file = ends.authority.file
    ends.lab.start_worker(
        environment={
            "SPCM_REDIS_URL": ends.redis_url(trusted=file),
            "SPCM_DATABASE_URL": ends.database_url(sslmode="verify-full", sslrootcert=str(file)),
        }
    )
    with ends.lab.load(rate=100, seed=6):
        ends.lab.moving()
    ends.lab.verify()


def test_redis_is_verified_without_being_asked(ends: Ends, tmp_path: Path) -> None:
    assert answers(ends.redis_url(trusted=ends.authority.file))
    assert not answers(ends.redis_url())
    assert not answers(ends.redis_url("other", trusted=ends.authority.file))
    assert not answers(ends.redis_url(trusted=stranger(tmp_path)))


@pytest.mark.parametrize(
    ("end", "trusted", "reached"), [("good", True, True), ("other", True, False), ("good", False, False)]
)
def test_the_broker_is_verified_without_being_asked(
    end: str, trusted: bool, reached: bool, ends: Ends, tmp_path: Path
) -> None:
    """Kombu by itself would take any certificate."""
    program = "from workers.app import app; app.connection().ensure_connection(max_retries=1, timeout=2)"
    file = ends.authority.file if trusted else stranger(tmp_path)
    environment = ends.lab.environment | {"SPCM_REDIS_URL": ends.redis_url(end, trusted=file)}
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=os.environ | environment, capture_output=True, text=True
    )
    assert (ended.returncode == 0) is reached, ended.stderr
    assert reached or "CERTIFICATE_VERIFY_FAILED" in ended.stderr


def test_a_worker_does_not_start_with_a_redis_that_it_cannot_trust(ends: Ends) -> None:
    before = (ends.lab.folder / "worker.log").stat().st_size if (ends.lab.folder / "worker.log").exists() else 0
    worker = ends.lab.launch_worker(
        environment={"SPCM_REDIS_URL": ends.redis_url("other", trusted=ends.authority.file)}
    )
    log = ends.lab.folder / "worker.log"
    wait_for(lambda: b"waiting-for-servers" in log.read_bytes()[before:], within=20)
    assert not worker.ready()
    worker.kill()


@pytest.mark.parametrize("mode", ["require", "verify-full"])
def test_postgresql_is_verified_where_tls_is_asked_for(mode: str, ends: Ends, tmp_path: Path) -> None:
    """Libpq's own `require` takes any certificate."""
    file = str(ends.authority.file)
    assert takes_queries(ends.database_url(sslmode=mode, sslrootcert=file))
    assert not takes_queries(ends.database_url("other", sslmode=mode, sslrootcert=file))
    assert not takes_queries(ends.database_url(sslmode=mode, sslrootcert=str(stranger(tmp_path))))
    assert not takes_queries(ends.database_url(sslmode=mode))


def test_postgresql_on_another_host_is_verified_without_being_asked(ends: Ends, tmp_path: Path) -> None:
    file = str(ends.authority.file)
    assert takes_queries(ends.database_url("other", host="elsewhere.example", sslrootcert=file))
    assert not takes_queries(ends.database_url("other", host="elsewhere.example", sslrootcert=str(stranger(tmp_path))))
    assert not takes_queries(ends.database_url("good", host="elsewhere.example", sslrootcert=file))
    assert not takes_queries(ends.database_url("other", host="elsewhere.example"))


def test_postgresql_on_another_host_is_used_without_tls_only_where_the_url_says_so(ends: Ends) -> None:
    assert not takes_queries(ends.database_url("plain", host="db.example"))
    assert takes_queries(ends.database_url("plain", host="db.example", sslmode="disable"))
    assert takes_queries(ends.database_url("plain", host="db.example", sslmode="prefer"))
    assert takes_queries(ends.database_url("plain"))
