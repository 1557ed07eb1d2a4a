"""SIGTERM, Ctrl-C and the end of the terminal (SIGHUP), as one request to end in order."""

import os
import select
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType


def requests_to_end() -> list[signal.Signals]:
    """The signals that ask to end; not SIGHUP where it is ignored, as under nohup."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGTERM, signal.SIGINT] if ignored else [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


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
def undisturbed() -> Iterator[None]:
    """What runs inside is not broken off: a request to end is taken after it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, requests_to_end())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def terminated_as_by_ctrl_c() -> Iterator[None]:
    """By other signals too it ends in order: with a last word, without the files it has begun, its cursor back."""
    with _handled(signal.default_int_handler, set(requests_to_end()) - {signal.SIGINT}):
        yield


@contextmanager
def stopping_in_order() -> Iterator[Requests]:
    """Until asked to end: then Stopped goes through what runs inside, and stops here."""
    requests = Requests()
    try:
        with suppress(Stopped), _handled(requests.take, requests_to_end()):
            yield requests
    finally:
        requests.close()


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None], numbers: Iterable[signal.Signals]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, theirs in before.items():
            signal.signal(number, theirs)
