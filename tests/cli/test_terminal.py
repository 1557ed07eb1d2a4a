"""`spcm` on a terminal of its own."""

import os
import select
import signal
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cli.program import WITHIN, Program
from tests.polling import wait_for


class Terminal:
    """A program on a terminal, and what it has written there."""

    def __init__(self, process: "subprocess.Popen[bytes]", side: int) -> None:
        self.process = process
        self.shown = b""
        self._side = side

    def type(self, keys: bytes) -> None:
        os.write(self._side, keys)

    def shows(self, words: bytes) -> bool:
        """Whether it has written these words by now."""
        while select.select([self._side], [], [], 0)[0]:
            try:
                self.shown += os.read(self._side, 4096)
            except OSError:  # nobody is on the terminal any more
                break
        return words in self.shown

    @property
    def echoes(self) -> bool:
        """Whether it shows what is typed."""
        return bool(termios.tcgetattr(self._side)[3] & termios.ECHO)

    def wait(self) -> int:
        """The exit status."""
        wait_for(lambda: self.shows(b"") and self.process.poll() is not None, within=WITHIN)
        return self.process.wait()


@contextmanager
def on_terminal(program: Program, *arguments: str) -> Iterator[Terminal]:
    ours, theirs = os.openpty()
    words = [*program.words, *arguments]
    process = subprocess.Popen(
        words, env=program.environment, preexec_fn=lambda: os.login_tty(theirs), pass_fds=[theirs]
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_a_password_that_is_no_text_is_told(migrated: Program) -> None:
    migrated.call("tenant", "add", "acme")
    with on_terminal(migrated, "user", "add", "--tenant", "acme", "oms", "--all-permissions") as terminal:
        wait_for(lambda: terminal.shows(b"Password for oms: "), within=WITHIN)
        terminal.type(b"p\xff\n")
        assert terminal.wait() == 2
        assert b"give the password on stdin" in terminal.shown


def test_a_password_from_stdin_that_is_a_terminal_is_waited_for_with_a_word(migrated: Program) -> None:
    migrated.call("tenant", "add", "acme")
    words = ("user", "add", "--tenant", "acme", "oms", "--all-permissions", "--password-stdin")
    with on_terminal(migrated, *words) as terminal:
        wait_for(lambda: terminal.shows(b"until Ctrl-D"), within=WITHIN)
        terminal.type(b"s3cret\n\x04")
        assert terminal.wait() == 0


def test_who_is_told_to_end_at_a_password_shows_again_what_is_typed(migrated: Program) -> None:
    migrated.call("tenant", "add", "acme")
    with on_terminal(migrated, "user", "add", "--tenant", "acme", "oms", "--all-permissions") as terminal:
        assert terminal.echoes
        wait_for(lambda: terminal.shows(b"Password for oms: ") and not terminal.echoes, within=WITHIN)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait() == 130
        assert terminal.echoes


def test_who_is_told_to_end_gives_the_cursor_back(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    migrated.environment["TERM"] = "xterm"
    with on_terminal(migrated, "status", "--watch") as terminal:
        wait_for(lambda: terminal.shows(b"\x1b[?25l"), within=WITHIN)
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.wait() == 130
        assert terminal.shows(b"\x1b[?25h")
