"""What is asked for, by a command or by an item of a bulk, before it is checked."""

from enum import Enum
from typing import Any, NamedTuple

LARGEST_COMMAND = 64 * 1024
"""Bytes of a command, but for a bulk."""

LARGEST_BULK = 4 * 1024 * 1024
"""Bytes of a bulk."""


class _Absence(Enum):
    """A member that was not sent; false, like the empty object that it counts as."""

    ABSENT = "absent"

    def __bool__(self) -> bool:
        return False


ABSENT: Any = _Absence.ABSENT


class Request(NamedTuple):
    """What a command, or a bulk's item, asks for."""

    operation: str | None
    params: Any = ABSENT
    payload: Any = ABSENT
