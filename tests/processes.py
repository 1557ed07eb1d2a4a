"""Questions about processes."""

import os
import time

import psutil


def gone(pid: int, *, within: float) -> bool:
    """True when the process ends within so many seconds; one that nobody has waited for yet has ended too."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if _status(pid) == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.01)
    return False


def is_stopped(pid: int) -> bool:
    """Whether a signal has stopped it."""
    return _status(pid) == psutil.STATUS_STOPPED


def children_of(pid: int) -> list[int]:
    """Those of its children that have not ended."""
    return [child for child in _children(pid) if _status(child) != psutil.STATUS_ZOMBIE]


def descendants(pid: int) -> set[int]:
    """The processes that it has started, and theirs."""
    return set(_children(pid, recursive=True))


def group_of(pid: int) -> str:
    """What runs in the process group of this leader."""
    return " ".join(
        " ".join(each.info["cmdline"] or ()) for each in psutil.process_iter(["cmdline"]) if _group(each.pid) == pid
    )


def _children(pid: int, *, recursive: bool = False) -> list[int]:
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=recursive)]
    except psutil.NoSuchProcess:
        return []


def _status(pid: int) -> str:
    """A process that is gone counts as one that has ended."""
    try:
        return psutil.Process(pid).status()
    except psutil.NoSuchProcess:
        return psutil.STATUS_ZOMBIE


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None
