"""What `spcm doctor` finds in Redis' keys."""

import pytest
import redis

from adapters.keys import PARTITIONS, command_stream
from tests.cli.broken import keys_of_another_type
from tests.cli.doctor.found import findings
from tests.cli.program import Program


@pytest.mark.parametrize("number", ["abc", "9" * 5000], ids=["abc", "5,000 digits"])
def test_doctor_goes_on_where_redis_holds_no_number_of_partitions(
    number: str, idle: Program, client: redis.Redis
) -> None:
    client.set(PARTITIONS, number)
    found = {line["found"]: line["level"] for line in findings(idle)}
    assert found["spcm:partitions holds no number"] == "problem"
    assert {"it answers", "noeviction", "there is none", "schema 0001"} <= set(found)


def test_doctor_goes_on_where_the_number_of_partitions_is_of_another_type(idle: Program, client: redis.Redis) -> None:
    client.rpush(PARTITIONS, 8)
    found = {line["found"]: line["level"] for line in findings(idle)}
    assert found["spcm:partitions is of type list, not string"] == "problem"
    assert {"it answers", "there is none", "schema 0001"} <= set(found)


def test_doctor_finds_commands_where_no_worker_looks(idle: Program, client: redis.Redis) -> None:
    for partition in (7, 8):
        client.xadd(command_stream(partition), {"command": "{}"})
    found = {line["found"]: line["level"] for line in findings(idle) if line["subject"] == "partitions"}
    assert {words: level for words, level in found.items() if "commands" in words} == {
        "commands in spcm:commands:8: 1": "problem"
    }


def test_doctor_believes_redis_where_workers_look(idle: Program, client: redis.Redis) -> None:
    """Who runs it may have forgotten the number that the workers have."""
    client.set(PARTITIONS, 32)
    seconds, _ = client.time()
    client.xadd(command_stream(20), {"command": "{}"}, id=f"{seconds - 60}000-0")
    told = [line["found"] for line in findings(idle) if line["level"] == "problem"]
    [words] = [words for words in told if "command" in words]
    assert words.startswith("partition 20 stands still")
    assert "SPCM_PARTITIONS is 8, Redis has 32" in told


def test_a_key_of_another_type_is_named_and_hides_nothing_else(idle: Program, redis_url: str) -> None:
    expected = keys_of_another_type(redis_url)
    told = {line["found"] for line in findings(idle) if line["subject"] == "keys"}
    assert told == {f"{key} is of type string, not {kind}" for key, kind in expected.items()}
