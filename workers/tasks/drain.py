"""The task that a bell asks for."""

from contextlib import suppress

from adapters.failures import Unavailable
from workers import composition
from workers.app import app
from workers.bell import ring
from workers.queue import DRAIN


@app.task(name=DRAIN)
def drain(partition: int) -> None:
    """Execute what the partition holds; ring again for what is left when the time is up."""
    if composition.drain().run(partition):
        with suppress(Unavailable):  # then the next look for partitions that have entries finds it, a second later
            ring(composition.drain().streams, [partition])
