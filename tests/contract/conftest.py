"""One installation for each engine, shared by all tests of a run; each test takes a tenant of its own."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from tests.contract.installation import Installation, Sender
from tests.servers import create_database, drop_database


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp(f"contract-{request.param}")
    if request.param == "sqlite":
        installation = Installation(directory, f"sqlite:///{directory / 'spcm.sqlite'}")
        yield installation
        installation.stop()
        return
    admin: str = request.getfixturevalue("_postgres_url")
    name = f"spcm_contract_{os.getpid()}"
    create_database(admin, name)
    installation = Installation(directory, make_url(admin).set(database=name).render_as_string(hide_password=False))
    yield installation
    installation.stop()
    drop_database(admin, name)


@pytest.fixture
def sender(installation: Installation) -> Sender:
    """A user of a tenant of the test's own, who holds every permission."""
    return installation.add_tenant()
