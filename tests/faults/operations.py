"""Operations for tests only: one whose effect shows if it happens twice, and three that no worker should meet."""

import os
import signal
import time
from typing import Any

from domain.errors import NotFound
from domain.operations import NoParams, operation
from domain.permissions import Permission
from domain.state import State
from domain.subscribers import SUBSCRIBERS, Subscriber, SubscriberRef


@operation(
    "fault.count",
    Permission.SUBSCRIBER_UPDATE,
    subject="subscribers/{at.msisdn}",
    locks=(SUBSCRIBERS,),
    needs=lambda at, _: (SUBSCRIBERS.by(msisdn=at.msisdn),),
)
def count(at: SubscriberRef, state: State) -> Subscriber:
    """Count up in the subscriber's zone: done twice, it shows."""
    found = state.find(SUBSCRIBERS.by(msisdn=at.msisdn))
    if found is None:
        raise NotFound("subscriber-not-found")
    return state.put(SUBSCRIBERS, found.model_copy(update={"zone": str(int(found.zone or 0) + 1)}))


@operation("fault.raise", Permission.SUBSCRIBER_UPDATE, locks=(SUBSCRIBERS,))
def fail(_at: NoParams, state: State) -> dict[str, Any]:
    raise RuntimeError("an operation of a test raises")


@operation("fault.kill", Permission.SUBSCRIBER_UPDATE, locks=(SUBSCRIBERS,))
def kill(_at: NoParams, state: State) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


@operation("fault.hang", Permission.SUBSCRIBER_UPDATE, locks=(SUBSCRIBERS,))
def hang(_at: NoParams, state: State) -> dict[str, Any]:
    time.sleep(3600)
    return {}
