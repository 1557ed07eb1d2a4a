"""Wait for what happens soon."""

import select
import time
from collections.abc import Callable
from typing import IO, TypeVar

POLL = 0.01  # seconds

Found = TypeVar("Found")


def wait_for(
    condition: Callable[[], Found | None], *, within: float, what: Callable[[], str] = lambda: "it did not happen"
) -> Found:
    """What the condition gives, as soon as that is true. Raises AssertionError after so many seconds."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {within:.1f} s: {what()}"
        time.sleep(POLL)
    return found


def line_of(stream: IO[bytes], *, within: float = 30.0) -> bytes:
    """The next line of a pipe that is not buffered; nothing where its writer has ended."""
    assert select.select([stream], [], [], within)[0], f"it wrote nothing within {within:.1f} s"
    return stream.readline()
