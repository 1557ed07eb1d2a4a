"""What `spcm doctor` says of connections that strangers can read."""

from pathlib import Path

from tests.cli.program import Program


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
