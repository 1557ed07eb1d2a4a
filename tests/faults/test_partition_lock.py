"""What a partition's row remembers: reads that stand before changes, until they cannot be read again."""

from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.encoding import encode
from adapters.tables import partitions
from tests.faults.fuzz import Desk
from tests.faults.load import command, draft

AT = {"params": {"msisdn": "08"}}


def create(command_id: str) -> bytes:
    return draft(command("acme", "subscriber.create", command_id, payload={"msisdn": "08"}, **AT)).raw


def read(command_id: str) -> bytes:
    return draft(command("acme", "subscriber.get", command_id, **AT)).raw


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def remembered(desk: Desk) -> str | None:
    with desk.engine.connect() as connection:
        text: str | None = connection.scalar(select(partitions.c.unremembered))
        return text


def test_a_read_before_a_change_is_remembered_until_the_next_batch(desk: Desk) -> None:
    desk.swallow([read("r1"), create("c1"), read("r2")])
    assert '"r1"' in (remembered(desk) or "")
    assert '"r2"' not in (remembered(desk) or "")
    desk.swallow([create("c2")])
    assert remembered(desk) is None


def test_a_read_without_a_change_after_it_is_not_remembered(desk: Desk) -> None:
    desk.swallow([create("c1"), read("r1")])
    assert remembered(desk) is None


def test_reads_stay_remembered_while_they_are_read_again(desk: Desk) -> None:
    """One at a time, as after a death."""
    entries = desk.entries([read("r1"), create("c1"), read("r2"), create("c2")])
    first = [encode(outcome.event()) for outcome in desk.execute(entries)]
    again = [encode(outcome.event()) for entry in entries for outcome in desk.execute([entry])]
    assert again == first
