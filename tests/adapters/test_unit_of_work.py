"""What a batch loads at once, for all its tenants."""

from adapters.repository import TenantRepository, UnitOfWork
from adapters.rows import Rows
from domain.state import Defaults
from domain.subscribers import SUBSCRIBERS
from tests.adapters.resources import add, subscriber


def test_one_prefetch_answers_many_tenants_questions(rows: Rows) -> None:
    for tenant in ("a", "b"):
        add(TenantRepository(rows, tenant), SUBSCRIBERS, subscriber("1", imsi=tenant), subscriber("2"))
    unit = UnitOfWork(rows, Defaults())
    unit.prefetch([(tenant, SUBSCRIBERS.by(msisdn=number)) for tenant in ("a", "b", "c") for number in ("1", "2", "3")])
    unit.prefetch([])
    for tenant in ("a", "b"):
        shelf = unit.state(tenant).shelf(SUBSCRIBERS)
        assert [len(shelf.matches(SUBSCRIBERS.by(msisdn=number))) for number in ("1", "2", "3")] == [1, 1, 0]
        assert all(shelf.knows(SUBSCRIBERS.by(msisdn=number)) for number in ("1", "2", "3"))
        assert shelf.matches(SUBSCRIBERS.by(msisdn="1"))[0].imsi == tenant
    assert unit.state("c").find(SUBSCRIBERS.by(msisdn="1")) is None
    unit.state("a").remove(SUBSCRIBERS, subscriber("1", imsi="a"))
    unit.state("c").put(SUBSCRIBERS, subscriber("1", imsi="c"))
    unit.write()
    found = {t: [each.msisdn for each in TenantRepository(rows, t).load(SUBSCRIBERS.by())] for t in ("a", "b", "c")}
    assert {tenant: sorted(numbers) for tenant, numbers in found.items()} == {"a": ["2"], "b": ["1", "2"], "c": ["1"]}


def test_one_prefetch_sees_the_newest_for_many_tenants(rows: Rows) -> None:
    for tenant in ("a", "b"):
        held = [subscriber(f"{imei}{n}", created=n * 7 % 11, imei=imei) for imei in ("i", "j") for n in range(1, 11)]
        add(TenantRepository(rows, tenant), SUBSCRIBERS, *held, subscriber("none", created=99))
    unit = UnitOfWork(rows, Defaults())
    asked = {(tenant, imei): SUBSCRIBERS.newest_by(imei=imei) for tenant in ("a", "b", "c") for imei in ("i", "j", "k")}
    unit.prefetch([(tenant, lookup) for (tenant, _), lookup in asked.items()])
    add(TenantRepository(rows, "a"), SUBSCRIBERS, subscriber("later", created=999, imei="i"))
    newest = {key: unit.state(key[0]).find(lookup) for key, lookup in asked.items()}
    assert {key: each and each.msisdn for key, each in newest.items()} == {
        (tenant, imei): None if tenant == "c" or imei == "k" else f"{imei}3"
        for tenant in ("a", "b", "c")
        for imei in ("i", "j", "k")
    }
    assert not unit.state("a").shelf(SUBSCRIBERS).knows(SUBSCRIBERS.by(msisdn="i3"))
