"""Partitions that stand still, as `spcm doctor` tells them."""

import redis

from adapters.keys import command_stream
from tests.cli.doctor.found import findings
from tests.cli.program import Program


def test_doctor_finds_what_stands_still(idle: Program, client: redis.Redis) -> None:
    seconds, _ = client.time()
    client.xadd(command_stream(3), {"command": "{}"}, id=f"{seconds - 60}000-0")
    [told] = [line for line in findings(idle) if line["subject"] == "commands"]
    assert (told["level"], told["found"][:20]) == ("problem", "partition 3 stands s")
    assert told["advice"] == "no worker is there: start one"


def test_doctor_tells_all_that_stands_still_in_one_line(idle: Program, client: redis.Redis) -> None:
    seconds, _ = client.time()
    for partition in (3, 5):
        client.xadd(command_stream(partition), {"command": "{}"}, id=f"{seconds - 60}000-0")
    [told] = [line for line in findings(idle) if line["subject"] == "commands"]
    assert told["found"].startswith("partitions 3, 5 stand still: the first command has waited 6")
