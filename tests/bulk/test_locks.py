"""Commands that meet in the database, since somebody sent them to partitions of their own choice."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, delete, text

from adapters.tables import metadata
from tests.bulk.desk import Desk
from tests.bulk.test_statements import pcc, plan
from tests.faults.lab import wait_for


def test_a_plan_is_not_sealed_while_its_last_profile_is_about_to_go(postgres_engine: Engine) -> None:
    desk = Desk(postgres_engine)
    at = {"planDefinitionId": desk.ask("planDefinition.create", plan(1))["data"]["id"]}
    desk.ask("pccProfile.create", pcc(1), params=at)
    profiles = metadata.tables["pcc_profiles"]

    def waits_for_a_lock() -> bool:
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'pcc_profiles'"
        with postgres_engine.connect() as looking:
            return bool(looking.scalar(text(waiting)))

    with ThreadPoolExecutor() as beside, postgres_engine.connect() as other:
        other.execute(delete(profiles).where(profiles.c.tenant == desk.tenant))
        sealed = beside.submit(desk.ask, "planDefinition.finalise", params=at)
        wait_for(lambda: sealed.done() or waits_for_a_lock(), within=5)
        other.commit()
        assert sealed.result()["reason"] == "no-pcc-profile"
    assert desk.ask("planDefinition.get", params=at)["data"]["finalised"] is False
