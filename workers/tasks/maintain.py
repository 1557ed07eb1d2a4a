"""The periodic task."""

from workers import composition
from workers.app import app
from workers.queue import MAINTAIN


@app.task(name=MAINTAIN)
def maintain() -> None:
    """Forget what is older than its retention."""
    with composition.retention() as retention:
        retention.run()
