"""Faults of the network: rows 16 and 18 of the fault list."""

import shutil
import time
from collections.abc import Callable

import pytest
import redis
from sqlalchemy import make_url

from adapters.redis_client import connect
from adapters.valkey import Valkey
from tests.faults.lab import SOON, Lab
from tests.faults.load import Load
from tests.faults.proxy import Proxy
from tests.faults.worker import Worker
from tests.polling import wait_for


@pytest.fixture(scope="module")
def lab(make_lab: "Callable[..., Lab]") -> Lab:
    return make_lab(proxied=True)


@pytest.fixture(scope="module")
def worker(lab: Lab) -> Worker:
    return lab.start_worker()


@pytest.fixture(params=["redis", "database"])
def proxy(request: pytest.FixtureRequest, lab: Lab, worker: Worker) -> Proxy:
    found = lab.redis_proxy if request.param == "redis" else lab.database_proxy
    assert found is not None
    return found


def seed_of(proxy: Proxy, lab: Lab, first: int) -> int:
    return first + (proxy is lab.redis_proxy)


@pytest.mark.parametrize(("when", "seed"), [("before", 16), ("after", 162)])
def test_row_16_the_connection_is_cut_at_commit(when: str, seed: int, lab: Lab, worker: Worker) -> None:
    """Before: nothing was committed. After: it was, and the worker was not told; the journal decides."""
    assert lab.database_proxy is not None
    with lab.load(rate=200, seed=seed):
        for _ in range(3):
            cut = lab.database_proxy.cut_on(b"COMMIT", "to_server", when)  # type: ignore[arg-type]
            assert cut.wait(5)
            lab.moving()
    lab.verify()


def test_row_16_the_connection_is_cut_at_the_finishing_script(lab: Lab, worker: Worker) -> None:
    """Redis has told the outcomes, and the worker does not know."""
    assert lab.redis_proxy is not None
    with lab.load(rate=200, seed=161):
        for _ in range(3):
            cut = lab.redis_proxy.cut_on(b"subscriber.create.completed", "to_server", "after")
            assert cut.wait(5)
            lab.moving()
    lab.verify()


def test_row_18_the_network_is_slow(proxy: Proxy, lab: Lab) -> None:
    with lab.load(rate=30, seed=seed_of(proxy, lab, 180)):
        proxy.latency(0.1)  # each way
        time.sleep(1)
        lab.moving(within=15)
        proxy.heal()
        lab.moving()
    lab.verify()


def test_row_18_connections_are_reset(proxy: Proxy, lab: Lab) -> None:
    with lab.load(rate=200, seed=seed_of(proxy, lab, 1810)):
        for _ in range(4):
            proxy.cut()
            time.sleep(0.3)
        lab.moving()
    lab.verify()


def test_row_18_everything_comes_byte_by_byte(proxy: Proxy, lab: Lab) -> None:
    with lab.load(rate=30, seed=seed_of(proxy, lab, 1820)):
        proxy.slice(True)
        time.sleep(1)
        lab.moving(within=15)
        proxy.heal()
        lab.moving()
    lab.verify()


def test_row_18_connections_to_redis_are_forgotten_on_their_way(lab: Lab, worker: Worker) -> None:
    """As by a firewall: nothing comes through on them any more, and nobody is told."""
    assert lab.redis_proxy is not None
    with lab.load(rate=100, seed=184):
        lab.redis_proxy.forget()
        lab.moving(within=25)  # it takes a dozen; kombu by itself waits for half a minute or more
    lab.verify()


def test_row_18_the_database_swallows_everything(lab: Lab, worker: Worker) -> None:
    """A black hole, longer than clients wait. (Redis as one is row 7.)"""
    assert lab.database_proxy is not None
    with lab.load(rate=100, seed=183):
        lab.database_proxy.black_hole(True)
        time.sleep(4)
        lab.database_proxy.heal()
        lab.moving()
    lab.verify()


def test_a_failover_behind_one_address_is_noticed(make_lab: "Callable[..., Lab]") -> None:
    """New connections lead to the new master; those that are open have stayed with the old one, a replica now."""
    lab = make_lab(proxied=True, sqlite=True)
    lab.start_worker()
    lab.send(*Load(188).take(50))
    lab.settle()
    assert lab.redis_proxy is not None
    old, old_client = lab.valkey, lab.client
    standby = lab.folder / "standby"
    standby.mkdir()
    shutil.copy(lab.folder / "valkey" / "valkey.password", standby)
    lab.valkey = Valkey.start(standby)  # and so the lab ends it
    lab.client = connect(lab.valkey.url)
    try:
        old_client.config_set("repl-diskless-sync-delay", 0)
        replicate(old, lab.client)
        wait_for(lambda: lab.client.info("replication")["master_link_status"] == "up", within=10)
        lab.client.replicaof("NO", "ONE")
        lab.redis_proxy.target = ("127.0.0.1", lab.valkey.port)
        replicate(lab.valkey, old_client)
        lab.send(*Load(189).take(50))
        lab.verify(within=SOON)
    finally:
        old_client.close()
        old.stop()


def replicate(master: Valkey, replica: redis.Redis) -> None:
    replica.config_set("masterauth", make_url(master.url).password or "")
    replica.replicaof("127.0.0.1", master.port)
