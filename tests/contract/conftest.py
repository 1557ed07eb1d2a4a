"""An installation on each engine; each test takes a tenant of its own."""

import pytest

from tests.contract.installation import Installation, Sender


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest) -> Installation:
    installation: Installation = request.getfixturevalue(f"{request.param}_installation")
    return installation


@pytest.fixture
def sender(installation: Installation) -> Sender:
    """A user of a tenant of the test's own, who holds every permission."""
    return installation.add_tenant()
