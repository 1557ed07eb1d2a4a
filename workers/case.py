"""One entry of a command stream, on its way to an outcome."""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from adapters.dead_letters import without_authorization
from adapters.journal import fingerprint
from adapters.streams import Announcement, Entry
from domain.commands import Command, read_command
from domain.errors import Failed
from domain.operations import Work
from domain.outcomes import Outcome, event_id_of
from domain.permissions import Principal
from domain.results import Result

log = structlog.get_logger()


@dataclass(slots=True)
class Case:
    """One entry on its way to an outcome: `work` once it has passed all checks, `result` once it is decided.

    `tenant` is the one that the command names, if there is such a one.
    `condemned` names why it must not be executed any more; `error`, what failed on our side.
    """

    entry: Entry
    event_id: str
    command: Command
    tenant: str | None = None
    principal: Principal | None = None
    work: Work | None = None
    result: Result | None = None
    outcome: Outcome | None = None
    condemned: str = ""
    error: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Tenant and command id, where the envelope has no fault."""
        assert self.command.tenant is not None
        assert self.command.id is not None
        return self.command.tenant, self.command.id

    @property
    def unread(self) -> bool:
        """Whether we failed to read it."""
        return isinstance(self.command.fault, Failed)

    @property
    def fingerprint(self) -> str:
        """What the command asks for, as the journal remembers it; most of what is not executed never needs it."""
        return fingerprint(self.command.request)


def case_of(partition: int, entry: Entry) -> Case:
    """The case that an entry of the partition opens; one that we fail to read is a failed command of nobody."""
    event_id = event_id_of(partition, entry.id)
    try:
        return Case(entry, event_id, read_command(entry.raw, size=entry.size))
    except Exception as bug:  # it would hold up all behind it
        error = type(bug).__name__
        log.error("command-failed", event_id=event_id, error=error, exc_info=bug)
        return Case(entry, event_id, Command(fault=Failed(event_id)), error=error)


def announcements(cases: Iterable[Case], tries: int) -> Iterable[Announcement]:
    """What is to be told of decided cases; `tries`: how often the first of them was taken."""
    for case in cases:
        assert case.outcome is not None
        failed = without_authorization(case.entry.raw or b"") if case.error and not case.unread else b""
        yield Announcement(case.entry.id, case.outcome, case.command.reply_to, failed, case.error, tries)
        tries = 1  # only the first one's are counted
