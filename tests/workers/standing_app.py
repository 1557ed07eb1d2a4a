"""The worker's app with a Celery that stands still as soon as it is ready, and so does its pool."""

import os
import signal
import time
from typing import Any

import billiard
from celery import signals

import workers.bell
from workers.app import app

__all__ = ["app"]

workers.bell.STANDSTILL = 1


@signals.worker_ready.connect
def stand_still(**_: Any) -> None:
    for process in billiard.active_children():
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)  # one that cannot end by itself, as one that hangs
    time.sleep(600)
