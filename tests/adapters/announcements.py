"""What is told of an entry of a command stream, for tests of the scripts that tell it."""

from datetime import UTC, datetime

from adapters.streams import Announcement
from domain.outcomes import Outcome

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def announcement(entry: str, tenant: str = "acme") -> Announcement:
    return Announcement(entry, Outcome(f"0-{entry}", NOW, 200, "completed", tenant=tenant), f"spcm:replies:{tenant}:x")
