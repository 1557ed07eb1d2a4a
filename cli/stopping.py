"""SIGTERM and Ctrl-C, as one request to end in order."""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(BaseException):
    """Raised in the main thread when the process was asked to end; like KeyboardInterrupt, it is no error."""


class Requests:
    """Whether the process was asked to end."""

    def __init__(self) -> None:
        self._asked = False
        self._readable, self._writable = os.pipe()

    def take(self, _number: int, _frame: FrameType | None) -> None:
        """A signal handler: raises Stopped, once."""
        if not self._asked:
            self._asked = True
            os.write(self._writable, b".")
            raise Stopped

    def pause(self, seconds: float) -> None:
        """Raises Stopped, also where the request came in the one place that no exception leaves (a finaliser)."""
        select.select([self._readable], [], [], seconds)
        if self._asked:
            raise Stopped

    def close(self) -> None:
        os.close(self._readable)
        os.close(self._writable)


@contextmanager
def stopping_in_order() -> Iterator[Requests]:
    """Until asked to end: then Stopped goes through what runs inside, and stops here."""
    requests = Requests()
    before = {number: signal.signal(number, requests.take) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield requests
    except Stopped:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        requests.close()
