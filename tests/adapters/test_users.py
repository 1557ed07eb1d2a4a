from adapters.database import make_engine
from adapters.migrations import migrate
from adapters.users import add_tenant, add_user, list_tenants


def test_tenants_are_listed_by_name_with_their_users_counted(database_url: str) -> None:
    engine = make_engine(database_url)
    migrate(engine)
    with engine.begin() as connection:
        for name in ("bolt", "acme", "a-tenant"):
            add_tenant(connection, name)
        add_user(connection, "acme", "oms", "s3cret", [])
        add_user(connection, "acme", "billing", "s3cret", [])
        assert list_tenants(connection) == [("a-tenant", 0), ("acme", 2), ("bolt", 0)]
    engine.dispose()
