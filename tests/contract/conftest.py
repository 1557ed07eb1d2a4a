"""One installation for each engine, shared by all tests of a run; each test takes a tenant of its own."""

from collections.abc import Iterator

import pytest

from tests.contract.installation import Installation, Sender
from tests.engines import empty_database


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp(f"contract-{request.param}")
    if request.param == "sqlite":
        installation = Installation(directory, f"sqlite:///{directory / 'spcm.sqlite'}")
        yield installation
        installation.stop()
        return
    with empty_database(request.getfixturevalue("_postgres_url")) as url:
        installation = Installation(directory, url)
        yield installation
        installation.stop()


@pytest.fixture
def sender(installation: Installation) -> Sender:
    """A user of a tenant of the test's own, who holds every permission."""
    return installation.add_tenant()
