"""The suite of the port `domain.source.Source`: against memory, SQLite and PostgreSQL, with the same answers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from adapters.failures import Contended
from adapters.repository import TenantRepository
from adapters.rows import Rows
from domain.pcc_profiles import PCC_PROFILES
from domain.plan_definitions import PLAN_DEFINITIONS
from domain.provisioning_profiles import PROVISIONING_PROFILES
from domain.resources import Kind
from domain.shelf import Changes
from domain.source import Source
from domain.subscribers import SUBSCRIBERS
from tests.adapters.resources import KINDS, add, pcc, plan, profile, subscriber
from tests.domain.source import Memory

SourceOf = Callable[[str], Source]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def source_of(request: pytest.FixtureRequest) -> Iterator[SourceOf]:
    """Gives tenants' sources, over the same rows."""
    if request.param == "memory":
        yield Memory().source
        return
    engine: Engine = request.getfixturevalue(f"{request.param}_engine")
    with engine.connect() as connection:
        rows = Rows(connection, locked=set(KINDS))
        yield lambda tenant: TenantRepository(rows, tenant)
        connection.rollback()


@pytest.fixture
def source(source_of: SourceOf) -> Source:
    return source_of("acme")


FULL: list[tuple[Kind[Any], Any]] = [
    (
        SUBSCRIBERS,
        subscriber(
            "+1",
            created=2**40,
            imsi="0" * 15,
            alternate_notification_msisdn="1" * 255,
            payment_type="postpaid",
            subscriber_class="é😀\u202e\x01",
            locale="ja_JP",
            status="barred",
            dps_enabled=True,
            eos_notification=True,
            imei="1" * 16,
            zone="'; --",
            renewal_day_of_month=0,
            qos_category_name='"\\',
            tag=" ",
        ),
    ),
    (SUBSCRIBERS, subscriber("1")),
    (
        PROVISIONING_PROFILES,
        profile(2**53 - 1, "😀" * 255, default_profile=True, dps_enabled=False, payg_notification=True),
    ),
    (PROVISIONING_PROFILES, profile(1, "n", locale="en", initial_core_plan_name="x", subscriber_type="PREPAID")),
    (PLAN_DEFINITIONS, plan(1, "n", cost=2**53 - 1, granted_amount=2**53 - 1, core=True, summary="", description="\n")),
    (PLAN_DEFINITIONS, plan(2, "m", finalised=True, available=True, current=False, max_deactivation_count=0)),
    (PCC_PROFILES, pcc(1, 2, "a").model_copy(update={"metering_percentage": 0, "qos_profile_name": "q"})),
]


@pytest.mark.parametrize(("kind", "resource"), FULL, ids=lambda part: getattr(part, "name", ""))
def test_what_was_written_is_read_as_it_was(source: Source, kind: Kind[Any], resource: Any) -> None:
    add(source, kind, resource)
    key = {kind.key: getattr(resource, kind.key)}
    assert list(source.load(kind.by(**key))) == [resource]
    assert list(source.load(kind.by())) == [resource]


def test_a_lookup_finds_all_that_have_its_values_and_no_others(source: Source) -> None:
    add(source, PLAN_DEFINITIONS, plan(1, "a"), plan(2, "b", current=False), plan(3, "A"))
    add(source, PCC_PROFILES, pcc(1, 1, "a"), pcc(2, 1, "b"), pcc(3, 2, "a"))

    def ids(kind: Kind[Any], **values: Any) -> list[int]:
        return sorted(each.id for each in source.load(kind.by(**values)))

    assert ids(PLAN_DEFINITIONS) == [1, 2, 3]
    assert ids(PLAN_DEFINITIONS, name="a") == [1]
    assert ids(PLAN_DEFINITIONS, current=True) == [1, 3]
    assert ids(PLAN_DEFINITIONS, name="b", current=True) == []
    assert ids(PCC_PROFILES, plan_definition_id=1) == [1, 2]
    assert ids(PCC_PROFILES, plan_definition_id=1, alias="a") == [1]
    assert ids(PCC_PROFILES, id=0) == ids(PCC_PROFILES, id=-1) == ids(PCC_PROFILES, id=2**53 - 1) == []


def test_no_source_sees_or_changes_what_another_tenant_has(source_of: SourceOf) -> None:
    acme, other = source_of("acme"), source_of("other")
    for each in (acme, other):
        add(each, SUBSCRIBERS, subscriber("1", imsi="7", imei="i", tag="t"))
        add(each, PROVISIONING_PROFILES, profile(1, "n", default_profile=True))
        each.write([], {PROVISIONING_PROFILES.name: 1})
    assert acme.update_all(SUBSCRIBERS.by(tag="t"), {"zone": "z"}) == 1
    acme.write(
        [Changes(PROVISIONING_PROFILES, removed=[profile(1, "n", default_profile=True)])],
        {PROVISIONING_PROFILES.name: 9},
    )
    assert [each.zone for each in other.load(SUBSCRIBERS.by())] == [None]
    assert len(other.load(PROVISIONING_PROFILES.by(default_profile=True))) == 1
    assert len(other.newest(SUBSCRIBERS.by(imei="i"), 9)) == 1
    assert (acme.last_id(PROVISIONING_PROFILES), other.last_id(PROVISIONING_PROFILES)) == (9, 1)


def test_the_last_id_is_0_at_first_and_of_each_kind_alone(source: Source) -> None:
    assert source.last_id(PROVISIONING_PROFILES) == 0
    source.write([], {PROVISIONING_PROFILES.name: 5})
    source.write([], {PROVISIONING_PROFILES.name: 6, PCC_PROFILES.name: 2**53 - 1})
    assert [source.last_id(kind) for kind in (PROVISIONING_PROFILES, PLAN_DEFINITIONS, PCC_PROFILES)] == [
        6,
        0,
        2**53 - 1,
    ]


def test_nobody_else_gives_an_id_meanwhile_not_even_the_first(postgres_engine: Engine) -> None:
    with postgres_engine.connect() as one, postgres_engine.connect() as other:
        assert Rows(one, locked=()).last_id("fresh", PROVISIONING_PROFILES) == 0
        other.execute(text("set local lock_timeout = 50"))
        with pytest.raises(Contended):
            Rows(other, locked=()).last_id("fresh", PROVISIONING_PROFILES)


def test_stamps_grow(source_of: SourceOf) -> None:
    stamps = [source_of(tenant).creation_stamp() for tenant in ("a", "b", "a", "a")]
    assert stamps == sorted(set(stamps))


def test_the_newest_come_first_and_not_more_than_asked(source: Source) -> None:
    add(source, SUBSCRIBERS, *(subscriber(str(n), created=n * 7 % 11, imei="i") for n in range(1, 11)))
    add(source, SUBSCRIBERS, subscriber("x", created=99, imei="j"))
    assert [each.created for each in source.newest(SUBSCRIBERS.by(imei="i"), 3)] == [10, 9, 8]
    assert len(source.newest(SUBSCRIBERS.by(imei="i"), 100)) == 10
    assert source.newest(SUBSCRIBERS.by(imei="k"), 1) == []


def test_changes_are_written_whatever_changes_hands_between_them(source: Source) -> None:
    """What is unique may go from one to another, around in a circle, and to one that is new."""
    one, two, three = (subscriber(n, imsi=n) for n in "123")
    add(source, SUBSCRIBERS, one, two, three)
    circle = [(one, one.model_copy(update={"imsi": "2"})), (two, two.model_copy(update={"imsi": "1", "zone": "z"}))]
    new = subscriber("4", imsi="3")
    source.write([Changes(SUBSCRIBERS, removed=[three], updated=circle, added=[new])], {})
    assert {each.msisdn: each.imsi for each in source.load(SUBSCRIBERS.by())} == {"1": "2", "2": "1", "4": "3"}
    assert [each.zone for each in source.load(SUBSCRIBERS.by(imsi="1"))] == ["z"]
    first, second = profile(1, "a", default_profile=True), profile(2, "b")
    add(source, PROVISIONING_PROFILES, first, second)
    swap = [
        (first, first.model_copy(update={"name": "b", "default_profile": False})),
        (second, second.model_copy(update={"name": "a", "default_profile": True})),
    ]
    source.write([Changes(PROVISIONING_PROFILES, updated=swap)], {})
    assert [each.id for each in source.load(PROVISIONING_PROFILES.by(default_profile=True))] == [2]
    assert [each.id for each in source.load(PROVISIONING_PROFILES.by(name="b"))] == [1]
    back = [(after, after.model_copy(update={"default_profile": after.id == 1})) for _, after in swap]
    source.write([Changes(PROVISIONING_PROFILES, updated=back)], {})
    assert [each.id for each in source.load(PROVISIONING_PROFILES.by(default_profile=True))] == [1]


def test_an_update_of_all_counts_all_that_were_found(source: Source) -> None:
    add(source, SUBSCRIBERS, *(subscriber(str(n), tag="a" if n < 3 else "b", zone="z") for n in range(5)))
    assert source.update_all(SUBSCRIBERS.by(tag="a"), {}) == 3
    assert source.update_all(SUBSCRIBERS.by(tag="a"), {"zone": None, "tag": "b", "dps_enabled": True}) == 3
    assert source.update_all(SUBSCRIBERS.by(tag="a"), {"zone": "x"}) == 0
    assert source.update_all(SUBSCRIBERS.by(tag="b"), {}) == 5
    found = sorted((each.msisdn, each.zone, each.dps_enabled) for each in source.load(SUBSCRIBERS.by(tag="b")))
    assert found == [("0", None, True), ("1", None, True), ("2", None, True), ("3", "z", False), ("4", "z", False)]


def test_a_savepoint_goes_back_to_where_it_was_set(source: Source) -> None:
    add(source, SUBSCRIBERS, subscriber("1", tag="a"))
    with source.savepoint() as go_back:
        add(source, SUBSCRIBERS, subscriber("2", tag="a"))
        source.write([], {PROVISIONING_PROFILES.name: 3})
        assert source.update_all(SUBSCRIBERS.by(tag="a"), {"tag": "b"}) == 2
        go_back()
    with source.savepoint():
        add(source, SUBSCRIBERS, subscriber("3", tag="a"))
    assert sorted(each.msisdn for each in source.load(SUBSCRIBERS.by(tag="a"))) == ["1", "3"]
    assert source.last_id(PROVISIONING_PROFILES) == 0
