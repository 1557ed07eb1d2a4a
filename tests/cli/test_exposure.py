"""What strangers can read: on the way, and in what `spcm` tells."""

from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import make_url

from adapters.valkey import Valkey
from tests.cli.program import Program, next_line


def test_connections_to_other_hosts_without_tls_are_warned_of(
    redis_url: str, postgres_url: str, tmp_path: Path
) -> None:
    # 0.0.0.0 leads here, and does not say so; the database is reached through a Unix socket.
    redis = redis_url.replace("127.0.0.1", "0.0.0.0")
    program = Program(SPCM_REDIS_URL=redis, SPCM_DATABASE_URL=postgres_url, SPCM_DATA=str(tmp_path))
    found = {line["subject"]: line for line in program.call("doctor", "--json").lines}
    assert found["Redis connection"]["level"] == "warning"
    assert "not encrypted" in found["Redis connection"]["found"]
    assert found["database connection"]["level"] == "ok"
    here = Program(SPCM_REDIS_URL=redis_url, SPCM_DATABASE_URL=postgres_url, SPCM_DATA=str(tmp_path))
    found = {line["subject"]: line for line in here.call("doctor", "--json").lines}
    assert found["Redis connection"]["level"] == "ok"


def test_the_password_of_the_database_is_told_nowhere(redis_url: str, postgres_url: str, tmp_path: Path) -> None:
    url = make_url(postgres_url).set(password="hidden").update_query_dict({"sslpassword": "hidden"})
    assert url.database is not None
    program = Program(
        SPCM_REDIS_URL=redis_url,
        SPCM_DATABASE_URL=url.render_as_string(hide_password=False),
        SPCM_DATA=str(tmp_path),
    )
    for told in (program.call("migrate"), program.call("doctor"), program.call("doctor", "--json")):
        assert url.database in told.out
        assert "hidden" not in told.out + told.err
    with program.running("up", "--workers", "0") as up:
        ready = next_line(up).decode()
    assert url.database in ready
    assert "hidden" not in ready


@pytest.mark.parametrize("refusing", [{"maxmemory": 1}, {"min-replicas-to-write": 1}], ids=["full", "no replica"])
def test_no_authorization_is_in_what_redis_refuses(refusing: dict[str, int], migrated: Program, valkey: Valkey) -> None:
    migrated.environment["SPCM_REDIS_URL"] = valkey.url
    with Redis.from_url(valkey.url) as client:
        letter = {"command": '{"id":"q","operation":"x.y","tenant":"a"}', "event": "0-1-1", "error": "X", "tries": 1}
        client.xadd("spcm:deadletters", letter)
        for name, value in refusing.items():
            client.config_set(name, value)
        login = ("--user", "oms", "--password-env", "PW")
        command = '{"id":"q","tenant":"a","operation":"x.y"}'
        for ended in (
            migrated.run("submit", *login, stdin=command, PW="hidden"),
            migrated.run("deadletters", "resend", "--all", *login, PW="hidden"),
        ):
            assert ended.is_refused("Redis cannot be used: ")
            assert "Basic" not in ended.err
            assert "XADD" not in ended.err
