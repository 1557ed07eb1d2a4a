"""What `spcm doctor` finds in Redis: how it is set, and what will fill it."""

import json
import subprocess
from pathlib import Path

import redis

from adapters.keys import PARTITIONS, outcome_stream
from adapters.ports import free_port
from adapters.valkey import Valkey, valkey_binary
from tests.access import as_role, grant
from tests.cli.doctor.found import findings
from tests.cli.program import WITHIN, Program
from tests.polling import wait_for


def test_doctor_tells_a_redis_that_forgets(migrated: Program, valkey: Valkey) -> None:
    migrated.environment["SPCM_REDIS_URL"] = valkey.url
    with redis.Redis.from_url(valkey.url) as client:
        client.config_set("appendfsync", "everysec")
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", "1gb")
    ended = migrated.call("doctor", "--json")
    assert ended.status == 1
    problems = [finding for finding in ended.lines if finding["level"] == "problem"]
    assert [finding["found"] for finding in problems] == ["appendfsync everysec", "allkeys-lru"]
    assert all(finding["advice"] for finding in problems)


def test_doctor_tells_a_redis_that_has_just_been_started(migrated: Program, valkey: Valkey) -> None:
    migrated.environment["SPCM_REDIS_URL"] = valkey.url
    assert [line["level"] for line in findings(migrated) if "it was started" in line["found"]] == ["warning"]


def test_doctor_tells_a_redis_that_takes_no_writes(migrated: Program, valkey: Valkey) -> None:
    migrated.environment["SPCM_REDIS_URL"] = valkey.url
    with redis.Redis.from_url(valkey.url) as client:
        client.replicaof("127.0.0.1", 1)
    assert ("problem", "a replica of 127.0.0.1") in {(line["level"], line["found"]) for line in findings(migrated)}


def test_doctor_goes_on_where_redis_hides_its_settings(migrated: Program, valkey: Valkey) -> None:
    with redis.Redis.from_url(valkey.url) as admin:
        grant(admin, "acme")
        admin.set(PARTITIONS, 8)
    migrated.environment["SPCM_REDIS_URL"] = as_role(valkey.url, "worker")
    told = {line["found"]: line["level"] for line in findings(migrated)}
    assert [level for words, level in told.items() if "no permissions to run the 'info'" in words] == ["problem"]
    assert (told["8 in Redis"], told["nothing stands still"]) == ("ok", "ok")


def test_doctor_tells_a_node_of_a_cluster(migrated: Program, tmp_path: Path) -> None:
    port = free_port()
    # Else its second port is 10,000 above, where outgoing connections get theirs.
    cluster = ["--cluster-enabled", "yes", "--cluster-port", str(free_port())]
    words = [str(valkey_binary()), "--port", str(port), *cluster, "--bind", "127.0.0.1"]
    node = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        migrated.environment["SPCM_REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        wait_for(lambda: "a node of a cluster" in {line["found"] for line in findings(migrated)}, within=WITHIN)
    finally:
        node.kill()
        node.wait()


def test_doctor_takes_a_bulk_for_no_usual_outcome(idle: Program, client: redis.Redis) -> None:
    for size in (700, 700, 100_000):
        client.xadd(outcome_stream("acme"), {"event": "x" * size})
    assert any("at 700 bytes each" in line["found"] for line in findings(idle))


def test_doctor_reckons_with_the_streams_that_hold_something(idle: Program, client: redis.Redis) -> None:
    seconds, _ = client.time()
    for number in range(40):
        client.xadd(outcome_stream(f"gone{number}"), {"event": "{}"}, id=f"{seconds - 7200}000-0")
        client.xtrim(outcome_stream(f"gone{number}"), maxlen=0, approximate=False)
    client.xadd(outcome_stream("acme"), {"event": "x" * 700}, id=f"{seconds - 7200}000-0")
    [told] = [line["found"] for line in findings(idle) if line["subject"] == "outcomes"]
    assert "at 700 bytes each" in told
    assert "at the present rate" in told


def test_doctor_reckons_with_commands_and_not_with_bulks(idle: Program, client: redis.Redis) -> None:
    bulk = {"operation": "bulk.execute", "data": {"items": [{"index": number} for number in range(500)]}}
    event = json.dumps(bulk).ljust(200_000)
    client.xadd(outcome_stream("acme"), {"event": event})
    assert any("at 400 bytes each" in line["found"] for line in findings(idle))
