"""Reading much, as it is at one moment."""

import pytest
from sqlalchemy import Engine, select, text

from adapters.database import make_engine
from adapters.failures import Unavailable
from adapters.migrations import migrate
from adapters.snapshot import snapshot
from adapters.tables import tenants
from adapters.tenants import add_tenant


def test_what_is_committed_meanwhile_is_not_seen(engine: Engine) -> None:
    with engine.begin() as writer:
        add_tenant(writer, "early")
    with snapshot(engine) as connection:
        seen = [connection.scalars(select(tenants.c.name)).all()]
        with engine.begin() as writer:  # nor does it wait
            add_tenant(writer, "late")
        seen.append(connection.scalars(select(tenants.c.name)).all())
    assert seen == [["early"]] * 2


def test_whoever_reads_may_take_their_time_and_changes_nothing(postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    migrate(engine)
    with snapshot(engine) as connection:
        limits = [
            connection.scalar(text(f"show {name}_timeout")) for name in ("statement", "idle_in_transaction_session")
        ]
        assert limits == ["0", "0"]
    with pytest.raises(Unavailable, match="ReadOnlySqlTransaction"), snapshot(engine) as connection:
        connection.execute(tenants.delete())
    with engine.connect() as connection:
        assert connection.scalar(text("show statement_timeout")) != "0"
    engine.dispose()
