"""A bulk gives, item by item, what the same commands sent one by one give, and leaves the same rows."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.bulk.desk import Desk, item

MSISDNS = st.sampled_from(["1", "2", "3", "x"])
IDS = st.integers(0, 3)
NAMES = st.sampled_from(["a", "b"])
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "imsi": st.sampled_from(["7", "8", None, ""]),
        "tag": st.sampled_from(["week", "month", None]),
        "zone": st.sampled_from(["north", 1]),
        "imei": st.sampled_from(["0" * 14, "1" * 15]),
        "status": st.sampled_from(["BARRED", "gone"]),
        "paymentType": st.sampled_from(["Prepaid", None]),
        "dpsEnabled": st.sampled_from([True, None, "true"]),
        "nonsense": st.just(1),
    },
)
PROFILE_FIELDS = st.fixed_dictionaries(
    {"name": NAMES, "defaultProfile": st.booleans()}, optional={"subscriberType": st.just("PREPAID")}
)
PLAN = {"unitAmount": "1", "unitMeteringType": "TIME", "validityPeriod": {"validityPeriod": "1day"}}
PCC = st.fixed_dictionaries({"alias": NAMES, "threshold": st.booleans(), "precedence": st.integers(0, 5)})


def _of_subscriber(verb: str, payload: Any) -> st.SearchStrategy[Any]:
    return st.builds(lambda msisdn, fields: item(f"subscriber.{verb}", fields, msisdn=msisdn), MSISDNS, payload)


ITEMS = st.one_of(
    st.builds(
        lambda msisdn, fields, profile: item(
            "subscriber.create", {"msisdn": msisdn, **fields}, msisdn=msisdn, provisionProfile=profile
        ),
        MSISDNS,
        FIELDS,
        st.sampled_from([None, None, "a"]),
    ),
    _of_subscriber("update", FIELDS),
    _of_subscriber("get", st.none()),
    _of_subscriber("delete", st.none()),
    st.builds(lambda imsi: item("subscriber.search", imsi=imsi), st.sampled_from(["7", "8"])),
    st.builds(lambda imei: item("subscriber.search", imei=imei), st.sampled_from(["0" * 14, "1" * 15])),
    st.builds(
        lambda tag, fields: item("subscriber.batchUpdate", {"filter": {"tag": tag}, "subscriber": fields}),
        st.sampled_from(["week", "month"]),
        FIELDS,
    ),
    st.builds(lambda fields: item("provisionProfile.create", fields), PROFILE_FIELDS),
    st.builds(lambda at, fields: item("provisionProfile.update", fields) | {"params": {"id": at}}, IDS, PROFILE_FIELDS),
    st.builds(lambda at: item("provisionProfile.delete") | {"params": {"id": at}}, IDS),
    st.just(item("provisionProfile.list")),
    st.builds(
        lambda name, core: item("planDefinition.create", {**PLAN, "name": name, "core": core}), NAMES, st.booleans()
    ),
    st.builds(lambda at: item("planDefinition.finalise", planDefinitionId=at), IDS),
    st.just(item("planDefinition.search", current=True)),
    st.builds(lambda at, fields: item("pccProfile.create", fields, planDefinitionId=at), IDS, PCC),
    st.builds(lambda at, pcc: item("pccProfile.delete", planDefinitionId=at, pccProfileId=pcc), IDS, IDS),
    st.just(item("no.such")),
)


def _told(outcomes: list[Any]) -> list[Any]:
    return [(each["status"], each.get("reason"), each.get("data")) for each in outcomes]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(ITEMS, min_size=1, max_size=12))
def test_a_bulk_gives_what_single_commands_give(sqlite_engine: Engine, items: list[Any]) -> None:
    one_by_one, in_one_batch, as_bulk = Desk(sqlite_engine), Desk(sqlite_engine), Desk(sqlite_engine)
    singly = [one_by_one.run(one_by_one.command(**each))[0] for each in items]
    batched = in_one_batch.run(*(in_one_batch.command(**each) for each in items))
    bulk = as_bulk.bulk(*items)
    assert _told(bulk["data"]["items"]) == _told(batched) == _told(singly)
    assert as_bulk.rows() == in_one_batch.rows() == one_by_one.rows()
    succeeded = sum(each["status"] < 300 for each in singly)
    assert bulk["data"]["succeeded"] == succeeded
    assert (bulk["status"] == 200) == (succeeded == len(items))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.lists(ITEMS, max_size=6), items=st.lists(ITEMS, min_size=1, max_size=8))
def test_an_atomic_bulk_is_done_wholly_or_not_at_all(
    sqlite_engine: Engine, before: list[Any], items: list[Any]
) -> None:
    atomic, plain = Desk(sqlite_engine), Desk(sqlite_engine)
    for desk in (atomic, plain):
        if before:
            desk.bulk(*before)
    untouched = atomic.rows()
    outcome, other = atomic.bulk(*items, mode="atomic"), plain.bulk(*items)
    failed = [each for each in other["data"]["items"] if each["status"] >= 300]
    if failed:
        assert atomic.rows() == untouched
        assert [each for each in outcome["data"]["items"] if each["status"] is not None] == failed
        assert len(outcome["data"]["remainder"]["items"]) == len(items)
    else:
        assert atomic.rows() == plain.rows()
        assert outcome["data"] == other["data"]
