"""How commands that were sent are told: outcomes on stdout, and on a terminal a bar."""

import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.outcomes.line import outcome_line
from cli.sending.submission import Sent
from cli.terminal import errors, print_json, print_line, screen, visible


class OutcomePrinter:
    """Prints outcomes as they come. Raises BrokenPipeError where nobody reads them."""

    def __init__(self, *, as_json: bool) -> None:
        self.outcomes = 0
        self.failed = False
        self._as_json = as_json
        self._sent = 0
        self._began = time.monotonic()
        self._screen, side = screen(), errors()
        # A bar that lives on another console than the lines beside it would be torn by them.
        shared = self._screen.is_terminal
        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
        self._bar = Progress(
            *columns,
            console=self._screen if shared else side,
            transient=True,
            disable=not side.is_terminal or (as_json and shared),
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("outcomes", total=None)

    def sent(self, sent: Iterable[Sent], *, tell: bool = False) -> None:
        """So much is under way; `tell`: nobody waits for the outcomes."""
        for each in sent:
            self._sent += 1
            if tell and self._as_json:
                print_json({"commandid": each.command_id, "partition": each.partition, "entry": each.entry})
            elif tell:
                self._screen.print(
                    f"sent {visible(str(each.command_id))} to partition {each.partition}", soft_wrap=True
                )

    def expect_no_more(self) -> None:
        """All commands were sent."""
        self._bar.update(self._task, total=self._sent)

    def outcome(self, text: str, event: Mapping[str, Any]) -> None:
        """One outcome, as JSON and read."""
        self.outcomes += 1
        self.failed = self.failed or event["status"] >= 400
        if self._as_json:
            print_line(text)
        else:
            self._screen.print(outcome_line(event), soft_wrap=True)
        rate = self.outcomes / max(time.monotonic() - self._began, 0.001)
        self._bar.update(self._task, completed=self.outcomes, description=f"outcomes, {rate:,.0f} a second")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
