"""A request to end, wherever it comes."""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from cli.stopping import stopping_in_order, terminated_as_by_ctrl_c, undisturbed


class AskedToEnd:
    """Whose end is the moment at which the process is asked to end: no exception leaves a finaliser."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


class Broken:
    """Which cannot end."""

    def __del__(self) -> None:
        raise ValueError


def forget_who_asks() -> None:
    AskedToEnd()


def wait_for_the_end() -> None:
    forget_who_asks()
    time.sleep(60)
    raise AssertionError("not stopped")


def test_a_request_that_comes_in_a_finaliser_is_taken_after_it() -> None:
    with stopping_in_order():
        wait_for_the_end()
    with pytest.raises(KeyboardInterrupt), terminated_as_by_ctrl_c():
        wait_for_the_end()


def test_who_is_asked_again_ends_in_order_all_the_same() -> None:
    cleaned_up = False
    with stopping_in_order():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            forget_who_asks()
            cleaned_up = True
    assert cleaned_up


def test_what_is_undisturbed_is_broken_off_neither_at_once_nor_by_a_lost_request() -> None:
    done = 0
    for ask in forget_who_asks, lambda: os.kill(os.getpid(), signal.SIGTERM):
        with stopping_in_order():
            with undisturbed():
                ask()
                time.sleep(0.1)
                done += 1
            raise AssertionError("not stopped")
    with stopping_in_order():
        forget_who_asks()
        with undisturbed():
            time.sleep(0.1)
            done += 1
        raise AssertionError("not stopped")
    assert done == 3


@pytest.mark.parametrize("context", [stopping_in_order, terminated_as_by_ctrl_c])
def test_other_bugs_of_finalisers_are_told_as_ever(
    context: Callable[[], AbstractContextManager[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: told.append(lost.exc_type))
    with context():
        Broken()
    assert told == [ValueError]


def test_afterwards_all_is_as_before() -> None:
    numbers = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM]
    before = [signal.getsignal(number) for number in numbers], sys.unraisablehook
    with stopping_in_order():
        wait_for_the_end()
    assert ([signal.getsignal(number) for number in numbers], sys.unraisablehook) == before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
