"""Which connections are verified, and which are told to be open to strangers."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from adapters.database import database_url
from adapters.tls import broker_tls, postgresql_exposure, redis_exposure

VERIFIED = {"sslmode": "verify-full"}


@pytest.fixture(autouse=True)
def _nothing_else_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSSLMODE", "PGSSLROOTCERT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def options(url: str) -> dict[str, object]:
    return dict(database_url(url).query)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@localhost/spcm",
        "postgresql://u:p@127.0.0.1:5433/spcm",
        "postgresql://u:p@[::1]/spcm",
        "postgresql:///spcm",
        "postgresql://u@/spcm?host=/run/postgresql&port=5432",
        "postgresql://u@/spcm?host=localhost:1&host=127.0.0.2:2",
        "postgresql://u@/spcm?hostaddr=127.0.0.1",
        "postgresql://u@db.example/spcm?sslmode=disable",
        "postgresql://u@db.example/spcm?sslmode=prefer",
        "postgresql://u@db.example/spcm?sslmode=verify-ca",
        "postgresql://u@db.example/spcm?sslmode=verify-full",
        "sqlite:////tmp/x",
    ],
)
def test_what_is_local_or_was_decided_stays_as_it_is(url: str) -> None:
    assert options(url) == dict(make_url(url).query)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@db.example/spcm",
        "postgresql+psycopg://u:p@192.0.2.1/spcm",
        "postgresql://u:p@127.evil.example/spcm",
        "postgresql://u:p@localhost.evil.example/spcm",
        "postgresql://u:p@[2001:db8::1]/spcm",
        "postgresql://u@/spcm?host=db.example",
        "postgresql://u@/spcm?host=/run/postgresql,db.example",
        "postgresql://u@/spcm?host=localhost:1&host=db.example:2",
        "postgresql://u@/spcm?hostaddr=192.0.2.1",
        "postgresql://u@localhost/spcm?hostaddr=192.0.2.1",
        "postgresql://u@localhost/spcm?sslmode=require",
        "postgresql://u@db.example/spcm?sslmode=require",
    ],
)
def test_other_hosts_are_verified_against_the_machines_authorities(url: str) -> None:
    assert options(url)["sslmode"] == "verify-full"
    assert options(url)["sslrootcert"]
    own = options(f"{url}{'&' if '?' in url else '?'}sslrootcert=/own.pem")
    assert (own["sslmode"], own["sslrootcert"]) == ("verify-full", "/own.pem")


def test_libpqs_own_variables_and_file_count_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    assert options("postgresql:///spcm")["sslmode"] == "verify-full"
    monkeypatch.delenv("PGHOST")
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    assert options("postgresql:///spcm")["sslmode"] == "verify-full"
    assert options("postgresql://localhost/spcm")["sslmode"] == "verify-full"
    monkeypatch.setenv("PGSSLROOTCERT", "/own.pem")
    assert options("postgresql:///spcm") == VERIFIED
    monkeypatch.delenv("PGSSLROOTCERT")
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").touch()
    assert options("postgresql:///spcm") == VERIFIED
    monkeypatch.setenv("PGSSLMODE", "prefer")
    assert options("postgresql:///spcm") == {}


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://redis.example:6379/0", "not encrypted"),
        ("redis://localhost", ""),
        ("redis://:p@127.0.0.1:1/0", ""),
        ("unix:///run/redis.sock", ""),
        ("rediss://redis.example", ""),
        ("rediss://redis.example?ssl_cert_reqs=none", "not verified"),
        ("rediss://redis.example?ssl_cert_reqs=optional", "not verified"),
        ("rediss://redis.example?ssl_check_hostname=false", "not verified"),
    ],
)
def test_an_open_connection_to_redis_is_told(url: str, told: str) -> None:
    assert told in redis_exposure(url)
    assert bool(told) == bool(redis_exposure(url))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://db.example/spcm", ""),
        ("postgresql://db.example/spcm?sslmode=require", ""),
        ("postgresql://db.example/spcm?sslmode=disable", "sslmode disable"),
        ("postgresql://db.example/spcm?sslmode=prefer", "sslmode prefer"),
        ("postgresql://localhost/spcm?sslmode=disable", ""),
    ],
)
def test_an_open_connection_to_postgresql_is_told(url: str, told: str) -> None:
    assert told in postgresql_exposure(database_url(url))
    assert bool(told) == bool(postgresql_exposure(database_url(url)))


def test_the_broker_verifies_unless_the_url_says_otherwise() -> None:
    assert broker_tls("redis://h/0") is None
    assert broker_tls("rediss://h/0?ssl_ca_certs=/ca.pem&db=3") == {
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
        "ssl_ca_certs": "/ca.pem",
    }
    assert broker_tls("rediss://h?ssl_cert_reqs=none")["ssl_cert_reqs"] == "none"  # type: ignore[index]
