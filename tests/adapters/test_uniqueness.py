"""The last fence: what must be unique is so whatever a batch believes."""

from typing import Any

import pytest

from adapters.failures import Clashed
from adapters.repository import TenantRepository
from adapters.rows import Rows
from domain.pcc_profiles import PCC_PROFILES
from domain.plan_definitions import PLAN_DEFINITIONS
from domain.provisioning_profiles import PROVISIONING_PROFILES
from domain.resources import Kind
from domain.subscribers import SUBSCRIBERS
from tests.adapters.resources import add, pcc, plan, profile, subscriber


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        (SUBSCRIBERS, subscriber("1"), subscriber("1")),
        (SUBSCRIBERS, subscriber("1", imsi="7"), subscriber("2", imsi="7")),
        (PROVISIONING_PROFILES, profile(1, "a"), profile(2, "a")),
        (PROVISIONING_PROFILES, profile(1, "a", default_profile=True), profile(2, "b", default_profile=True)),
        (PLAN_DEFINITIONS, plan(1, "a"), plan(2, "a")),
        (PCC_PROFILES, pcc(1, 1, "a"), pcc(2, 1, "a")),
    ],
)
def test_the_database_itself_refuses_what_must_be_unique(rows: Rows, kind: Kind[Any], first: Any, second: Any) -> None:
    source = TenantRepository(rows, "acme")
    add(source, kind, first)
    with pytest.raises(Clashed):
        add(source, kind, second)
