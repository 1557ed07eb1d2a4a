"""The worker's app with a Celery that stands still as soon as it is ready."""

import time
from typing import Any

from celery import signals

import workers.bell
from workers.app import app

__all__ = ["app"]

workers.bell.STANDSTILL = 1


@signals.worker_ready.connect
def stand_still(**_: Any) -> None:
    time.sleep(600)
