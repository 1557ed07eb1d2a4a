"""The program `spcm`, as a shell runs it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from adapters.settings import settings
from cli.main import app
from cli.problems import in_one_line
from tests.polling import line_of

ROOT = Path(__file__).parents[2]
WITHIN = 30.0


@dataclass
class Ended:
    """How a run ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Stdout, as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    def is_refused(self, *words: str) -> bool:
        """Status 2, with one line on stderr that has these words."""
        lines = self.err.splitlines()
        assert self.status == 2, self
        assert len(lines) == 1, self.err
        assert self.out == "", self.out
        assert all(word in lines[0] for word in words), lines[0]
        return True


class Program:
    """`spcm` with settings of its own."""

    def __init__(self, **settings: str) -> None:
        self.folder = "/"
        self.words = [sys.executable, "-m", "cli"]
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **settings}

    @property
    def redis_url(self) -> str:
        """Of the embedded server that its `up` has started."""
        return (Path(self.environment["SPCM_DATA"]) / "redis-url").read_text().strip()

    def run(self, *arguments: str, stdin: str | bytes = "", **settings: str) -> Ended:
        ended = subprocess.run(
            [*self.words, *arguments],
            env={**self.environment, **settings},
            cwd=self.folder,
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            timeout=WITHIN,
        )
        return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    def call(self, *arguments: str, stdin: str | bytes = "") -> Ended:
        """As `run`, within this process: quick, for commands that start nothing."""
        settings.cache_clear()
        called = CliRunner().invoke(app, list(arguments), input=stdin, env=self.environment)
        settings.cache_clear()
        if called.exception is None or isinstance(called.exception, SystemExit):
            return Ended(called.exit_code, called.stdout, called.stderr)
        words = in_one_line(called.exception)
        if words is None:
            raise AssertionError("a bug") from called.exception
        return Ended(2, called.stdout, words)

    def start(self, *arguments: str, **settings: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*self.words, *arguments],
            env={**self.environment, **settings},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            preexec_fn=ignore_nothing,
        )

    @contextmanager
    def running(self, *arguments: str) -> "Iterator[subprocess.Popen[bytes]]":
        """`start`, and it does not outlive the block."""
        process = self.start(*arguments)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def ignore_nothing() -> None:
    """A run in the background ignores Ctrl-C, one under nohup SIGHUP, and so would what it starts."""
    for number in signal.SIGINT, signal.SIGHUP:
        signal.signal(number, signal.SIG_DFL)


def next_line(process: "subprocess.Popen[bytes]") -> bytes:
    """The next line of its stdout, which is unbuffered; nothing where it has ended."""
    assert process.stdout is not None
    return line_of(process.stdout)
