"""What an installation has set reaches those who send it commands: docs/operating.md, settings."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.installation import Installation, Sender
from tests.contract.scene import FIRST, TURKEY

SET = {"SPCM_DPS_NOTIFICATION_DEFAULT": "true", "SPCM_LINK_BASE": "http://links/"}


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    """Of an installation with settings of its own."""
    installation = Installation(tmp_path, f"sqlite:///{tmp_path / 'spcm.sqlite'}", SET)
    yield installation.add_tenant()
    installation.stop()


def test_what_nobody_gave_is_as_it_was_set(sender: Sender) -> None:
    created, _, profile = sender.run(
        sender.command("subscriber.create", {"msisdn": "1"}, params={"msisdn": "1"}),
        sender.command("planDefinition.create", TURKEY),
        sender.command("pccProfile.create", FIRST, params={"planDefinitionId": 1}),
        partition=0,
    )
    notifications = [created["data"][f"{name}Notification"] for name in ("dps", "eos", "payg")]
    assert notifications == [True, False, False]
    assert profile["data"]["_links"]["self"]["href"] == "http://links/pcc/spcm/planDefinitions/1/pccProfiles/1"
