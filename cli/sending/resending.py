"""Sending dead letters' commands again."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice

import redis

from adapters.dead_letters import DeadLetter, remove_dead_letters
from cli.problems import Problem
from cli.sending.command_file import WrittenCommand
from cli.sending.outcome_printer import OutcomePrinter
from cli.sending.submission import Submission

KEPT_AFTER = {401, 403, 503}
"""Statuses after which the dead letter stays: with other credentials, or later, the command can succeed."""

_AT_ONCE = 10  # a bulk's command can be of 4 MiB
_MOST_UNDER_WAY = 500
_BLOCK = 0.5  # seconds


class Resending:
    """Commands of dead letters under way."""

    def __init__(self, client: redis.Redis, submission: Submission, printer: OutcomePrinter) -> None:
        self.unreadable = 0
        self._client = client
        self._submission = submission
        self._printer = printer
        self._under_way: dict[str, str] = {}

    def send(self, letters: Iterator[DeadLetter]) -> None:
        """Send them and remove each as soon as Redis has its command."""
        while some := list(islice(letters, _AT_ONCE)):
            remove_dead_letters(self._client, self._send(some, tell=True))

    def send_and_wait(self, letters: Iterator[DeadLetter]) -> None:
        """Send them, show their outcomes, remove those that were decided. Raises Problem where no outcome comes."""
        while some := list(islice(letters, _AT_ONCE)):
            self._send(some)
            self._wait(_MOST_UNDER_WAY)
        self._printer.expect_no_more()
        self._wait(0)

    def _wait(self, most: int) -> None:
        """Until no more than so many are under way."""
        last = time.monotonic()
        while (before := len(self._under_way)) > most:
            self._settle()
            if len(self._under_way) < before:
                last = time.monotonic()
            elif self._submission.silent_for_too_long(last):
                raise Problem(
                    f"{before} commands have no outcome yet, {self._submission.patience:g} s after the last; they may"
                    " still be executed, and their dead letters are still there: resending them is safe"
                )

    def _send(self, letters: Sequence[DeadLetter], *, tell: bool = False) -> list[str]:
        """The ids of those that were sent."""
        sendable = {
            letter.id: WrittenCommand(letter.command.decode(), members)
            for letter in letters
            if (members := letter.members)
        }
        self.unreadable += len(letters) - len(sendable)
        if not sendable:
            return []
        sent = self._submission.send(sendable.values())
        self._printer.sent(sent, tell=tell)
        for letter_id, each in zip(sendable, sent, strict=True):
            self._under_way[each.event_id] = letter_id
        return list(sendable)

    def _settle(self) -> None:
        """Take in the outcomes that are there, or come in a moment."""
        decided = []
        for text, event in self._submission.outcomes(_BLOCK):
            letter_id = self._under_way.pop(event["id"])
            if event["status"] not in KEPT_AFTER:
                decided.append(letter_id)
            self._printer.outcome(text, event)
        remove_dead_letters(self._client, decided)
