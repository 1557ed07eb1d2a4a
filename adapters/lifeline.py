"""Starts servers that end when the process that started them ends, even by SIGKILL, on Linux and macOS.

The owner holds a POSIX lock on a nameless file. Such a lock belongs to one process: the kernel takes it back at the
moment that process dies, and forked children do not hold it (as they would hold a pipe, or a flock). Linux' own
PR_SET_PDEATHSIG is not used: it fires when the *thread* that started the server ends, and macOS has nothing like it.

This file is also a program. It runs before the server, leaves a watcher behind, and becomes the server, so that there
is no moment at which the server exists and its watcher does not.
"""

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

POLL = 0.1  # seconds between two looks at the owner
GRACE = 0.4  # seconds a server has to end by itself once its owner is gone


class Lifeline:
    """Ties servers to the life of this process. Closing it ends those still running.

    The process that makes it is the owner; its forked children are not.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the owner lives, or until close()
        fcntl.lockf(self._file, fcntl.LOCK_EX)

    def start(
        self, command: Sequence[str], *, ending: signal.Signals = signal.SIGTERM, **options: Any
    ) -> "subprocess.Popen[bytes]":
        """Start `command` in a session of its own, so that Ctrl-C in the terminal reaches its owner alone.

        `ending` is sent when the owner is gone, and SIGKILL soon after; `options` are those of subprocess.Popen.
        The process returned is the server itself. Its status is 127 if the program could not be executed.
        """
        pass_fds = (*options.pop("pass_fds", ()), self._file.fileno())
        python = [sys.executable, "-I", "-S", os.path.abspath(__file__)]
        watch = [str(self._file.fileno()), str(int(ending))]
        return subprocess.Popen([*python, *watch, *command], pass_fds=pass_fds, start_new_session=True, **options)

    def close(self) -> None:
        self._file.close()


def _main(lock: int, ending: int, command: list[str]) -> None:
    server = os.getpid()
    ended, alive = os.pipe()
    if os.fork() == 0:
        if os.fork() == 0:  # a grandchild: the server must not find a child that it never started
            _watch(lock, ended, server, ending)
        os._exit(0)
    os.wait()
    os.close(lock)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and a server would inherit that
    os.set_inheritable(alive, True)  # the server and its children hold it; it closes when the last of them ends
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell is the point
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr, flush=True)  # noqa: T201 - the server's own log
        os._exit(127)


def _watch(lock: int, ended: int, server: int, ending: int) -> None:
    os.setsid()
    _keep_open(lock, ended)
    while not _readable(ended, POLL):
        if _owner_is_gone(lock):
            _signal(server, ending)
            if not _readable(ended, GRACE):
                _kill_all(server)
            return


def _keep_open(*kept: int) -> None:
    """Close every other descriptor: a watcher must not hold the server's log, input or directory lock."""
    for name in os.listdir("/dev/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):  # the listing's own descriptor is closed already
                os.close(int(name))


def _readable(ended: int, within: float) -> bool:
    """True when the server is gone: nobody writes to this pipe, it can only reach its end."""
    return bool(select.select([ended], [], [], within)[0])


def _owner_is_gone(lock: int) -> bool:
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _signal(server: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(server, number)


def _kill_all(server: int) -> None:
    """The server and what it has started: its session began with it, and its children outlive it otherwise."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server, signal.SIGKILL)


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
