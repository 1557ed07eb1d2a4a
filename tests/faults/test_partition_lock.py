"""What a partition's row remembers: reads that stand before changes, until they cannot be read again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapters.encoding import encode
from adapters.partition_lock import lock_partition
from adapters.streams import Announcement
from adapters.tables import partitions
from adapters.tenants import remove_tenant
from adapters.users import remove_user, set_password, set_permissions
from domain.errors import NotFound
from domain.operations import OPERATIONS, SingleOperation
from domain.permissions import Permission
from domain.state import State
from tests.engines import migrated
from tests.faults.load import USER, command, draft
from tests.faults.lone_partition import LonePartition

AT = {"params": {"msisdn": "08"}}


def create(command_id: str, tenant: str = "acme") -> bytes:
    return draft(command(tenant, "subscriber.create", command_id, payload={"msisdn": "08"}, **AT)).raw


def read(command_id: str, tenant: str = "acme") -> bytes:
    return draft(command(tenant, "subscriber.get", command_id, **AT)).raw


def of_acme(command_id: str, operation: str, **members: Any) -> bytes:
    return draft(command("acme", operation, command_id, **AT | members)).raw


def told(announcement: Announcement) -> tuple[bytes, bytes, str]:
    """The event, and what makes a dead letter."""
    return encode(announcement.outcome.event()), announcement.failed_command, announcement.error


@pytest.fixture
def partition(tmp_path: Path) -> LonePartition:
    return LonePartition(tmp_path)


def remembered(partition: LonePartition) -> str | None:
    with partition.engine.connect() as connection:
        text: str | None = connection.scalar(select(partitions.c.unremembered))
        return text


def test_a_read_before_a_change_is_remembered_until_the_next_batch(partition: LonePartition) -> None:
    partition.swallow([read("r1"), create("c1"), read("r2")])
    assert '"r1"' in (remembered(partition) or "")
    assert '"r2"' not in (remembered(partition) or "")
    partition.swallow([create("c2")])
    assert remembered(partition) is None


def test_a_read_without_a_change_after_it_is_not_remembered(partition: LonePartition) -> None:
    partition.swallow([create("c1"), read("r1")])
    assert remembered(partition) is None


def test_nothing_is_remembered_of_a_tenant_that_is_removed(partition: LonePartition) -> None:
    partition.swallow([read("r1"), read("r2", "bolt"), read("r3"), create("c1"), create("c2", "bolt")])
    remove_tenant(partition.engine, "acme")
    assert '"r2"' in (remembered(partition) or "")
    assert "acme" not in (remembered(partition) or "")
    remove_tenant(partition.engine, "bolt")
    assert remembered(partition) is None


def test_reads_stay_remembered_while_they_are_read_again(partition: LonePartition) -> None:
    """All at once or one at a time, as after a death, and once more, as after another."""
    entries = partition.entries([read("r1"), create("c1"), read("r2"), create("c2")])
    first = [encode(outcome.event()) for outcome in partition.execute(entries)]
    for _ in range(2):
        assert [encode(outcome.event()) for outcome in partition.execute(entries)] == first
    for entry, told in zip(entries, first, strict=True):
        again = [encode(outcome.event()) for _ in range(2) for outcome in partition.execute([entry])]
        assert again == [told, told]


def test_what_was_executed_is_told_whatever_became_of_its_sender(partition: LonePartition) -> None:
    entries = partition.entries([create("c1"), create("c2")])
    first = [encode(outcome.event()) for outcome in partition.execute(entries)]
    with partition.engine.begin() as connection:
        set_permissions(connection, "acme", USER, [])
    assert [encode(outcome.event()) for outcome in partition.execute(entries)] == first
    with partition.engine.begin() as connection:
        set_password(connection, "acme", USER, "another")
    assert [encode(outcome.event()) for outcome in partition.execute(entries)] == first
    with partition.engine.begin() as connection:
        remove_user(connection, "acme", USER)
    assert [encode(outcome.event()) for outcome in partition.execute(entries)] == first
    assert [outcome.status for outcome in partition.execute(partition.entries([create("c1")]))] == [401]


def test_another_command_under_an_entry_id_that_came_again_is_no_repeat(partition: LonePartition) -> None:
    """As after a loss of Redis: what was executed is told to nobody who has not asked for it, and is known."""
    [entry] = partition.entries([create("c1")])
    assert [outcome.status for outcome in partition.execute([entry])] == [201]
    other = read("c1")
    [told] = partition.execute([entry._replace(raw=other, size=len(other))])
    assert told.reason == "command-id-reused"


def test_a_missing_permission_that_was_granted_since_is_still_missing(partition: LonePartition) -> None:
    with partition.engine.begin() as connection:
        set_permissions(connection, "acme", USER, set(Permission) - {Permission.SUBSCRIBER_READ})
    entries = partition.entries([read("r1"), create("c1")])
    first = [encode(outcome.event()) for outcome in partition.execute(entries)]
    with partition.engine.begin() as connection:
        set_permissions(connection, "acme", USER, Permission)
    assert [encode(outcome.event()) for outcome in partition.execute(entries)] == first


def test_a_partition_is_one_transactions_at_a_time(postgres_url: str) -> None:
    with migrated(postgres_url) as engine:
        with engine.begin() as connection:
            connection.execute(partitions.insert().values(number=0))
        with engine.connect() as one, engine.connect() as two:
            assert lock_partition(one, 0) is not None
            assert lock_partition(two, 0) is None
            one.rollback()
            assert lock_partition(two, 0) is not None


def test_reads_are_kept_in_the_order_of_numbers_and_not_of_text(partition: LonePartition) -> None:
    partition.entries([b""] * 8)  # the next are 9 to 12
    delete = draft(command("acme", "subscriber.delete", "d1", **AT)).raw
    entries = partition.entries([read("r1"), create("c1"), read("r2"), delete])
    first = [encode(outcome.event()) for outcome in partition.execute(entries)]
    assert [encode(outcome.event()) for entry in entries for outcome in partition.execute([entry])] == first


@pytest.mark.parametrize(
    ("other", "answer"),
    [
        (read("r2"), ("acme", "r2", 200)),
        (read("r1", "bolt"), ("bolt", "r1", 404)),
        (of_acme("r1", "subscriber.delete"), ("acme", "r1", 200)),
        (of_acme("r1", "subscriber.get", params={"msisdn": "09"}), ("acme", "r1", 404)),
        (of_acme("r1", "subscriber.get", dryRun=True), ("acme", "r1", 200)),
    ],
    ids=["id", "tenant", "operation", "params", "dry-run"],
)
def test_another_command_under_an_entry_id_that_came_again_is_told_itself(
    other: bytes, answer: tuple[str, str, int], partition: LonePartition
) -> None:
    """As after Redis was emptied, and its clock went back."""
    entry, change = partition.entries([read("r1"), create("c1")])
    partition.execute([entry, change])
    [told] = partition.execute([entry._replace(raw=other, size=len(other))])
    assert (told.tenant, told.command_id, told.status) == answer
    assert told.dry_run == (b"dryRun" in other)


def test_what_failed_before_a_change_is_not_executed_after_it(
    partition: LonePartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = OPERATIONS["subscriber.get"]
    assert isinstance(get, SingleOperation)

    def fail_where_there_is_none(at: Any, state: State) -> Any:
        try:
            return get.function(at, state)
        except NotFound:
            raise ZeroDivisionError from None

    monkeypatch.setitem(OPERATIONS, "subscriber.get", replace(get, function=fail_where_there_is_none))
    entries = partition.entries([read("r1"), create("c1")])
    first = partition.decide(entries)
    assert [(each.outcome.status, each.error) for each in first] == [(500, "ZeroDivisionError"), (201, "")]
    assert [told(each) for each in partition.decide(entries)] == [told(each) for each in first]


def test_what_failed_in_its_checks_before_a_change_is_not_executed_after_it(
    partition: LonePartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = SingleOperation.prepare

    def fail_to_check(operation: SingleOperation, *rest: Any) -> Any:
        if operation.name == "subscriber.delete":
            raise ZeroDivisionError
        return prepare(operation, *rest)

    entries = partition.entries([of_acme("d1", "subscriber.delete"), create("c1")])
    with monkeypatch.context() as broken:
        broken.setattr(SingleOperation, "prepare", fail_to_check)
        first = partition.decide(entries)
    assert [(each.outcome.status, each.error) for each in first] == [(500, "ZeroDivisionError"), (201, "")]
    assert [told(each) for each in partition.decide(entries)] == [told(each) for each in first]


def test_what_was_executed_is_not_told_as_refused(partition: LonePartition) -> None:
    """Where the backlog's limit was lowered while its outcome was not told."""
    entries = partition.entries([read("r1"), create("c1")])
    first = [told(each) for each in partition.decide(entries)]
    again = partition.decide([*entries, *partition.entries([create("c1"), b"no command"])], refused=True)
    assert [told(each) for each in again[:2]] == first
    assert [each.outcome.status for each in again[2:]] == [503, 400]
