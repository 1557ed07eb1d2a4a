"""The periodic task."""

import structlog

from adapters.failures import Interrupted
from workers import composition
from workers.app import app
from workers.queue import MAINTAIN

log = structlog.get_logger()


@app.task(name=MAINTAIN)
def maintain() -> None:
    """Forget what is older than its retention; an outage leaves it to the next time."""
    try:
        with composition.retention() as retention:
            retention.run()
    except Interrupted as outage:
        log.warning("maintenance-waits", reason=str(outage))
