"""SIGTERM, Ctrl-C and the end of the terminal (SIGHUP), as one request to end in order."""

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

Handler = Callable[[int, FrameType | None], None]

AGAIN = 0.01
"""Seconds until a request whose exception was lost is raised again."""


def requests_to_end() -> list[signal.Signals]:
    """The signals that ask to end; not SIGHUP where it is ignored, as under nohup."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return [signal.SIGTERM, signal.SIGINT] if ignored else [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


class Stopped(BaseException):
    """Raised in the main thread when the process was asked to end; like KeyboardInterrupt, it is no error."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """What runs inside is not broken off: a request to end is taken after it."""
    came: list[int] = []
    try:
        with _given_to(lambda number, _: came.append(number), requests_to_end()):
            yield
    finally:
        for number in came:
            signal.raise_signal(number)


@contextmanager
def terminated_as_by_ctrl_c() -> Iterator[None]:
    """SIGTERM and SIGHUP end it as Ctrl-C does: it says its last words, removes unfinished files, shows the cursor."""
    with _handled(signal.default_int_handler, set(requests_to_end()) - {signal.SIGINT}):
        yield


@contextmanager
def stopping_in_order() -> Iterator[None]:
    """Until asked to end: then Stopped goes through what runs inside, once, and stops here."""
    asked = False

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if not asked or number == signal.SIGALRM:  # by which a request comes again that was lost
            asked = True
            raise Stopped

    with suppress(Stopped), _handled(stop, requests_to_end()):
        yield


@contextmanager
def _handled(handler: Handler, numbers: Iterable[signal.Signals]) -> Iterator[None]:
    """These signals raise, by the handler. Python swallows what is raised inside a finaliser (`__del__`): then SIGALRM
    makes the handler raise once more.
    """

    def ask_again(lost: "sys.UnraisableHookArgs") -> None:
        if isinstance(lost.exc_value, KeyboardInterrupt | Stopped):
            signal.setitimer(signal.ITIMER_REAL, AGAIN)
        else:
            tell(lost)

    with _given_to(handler, numbers):
        tell, sys.unraisablehook = sys.unraisablehook, ask_again
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            sys.unraisablehook = tell


@contextmanager
def _given_to(handler: Handler, numbers: Iterable[signal.Signals]) -> Iterator[None]:
    """These signals, and SIGALRM."""
    before = {number: signal.signal(number, handler) for number in [*numbers, signal.SIGALRM]}
    try:
        yield
    finally:
        for number, theirs in before.items():
            signal.signal(number, theirs)
