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
    def fingerprint(self) -> str:
        """What the command asks for, as the journal remembers it; most of what is not executed never needs it."""
        return fingerprint(self.command.request)


def case_of(partition: int, entry: Entry, *, condemned: str = "") -> Case:
    """The case that an entry of the partition opens; a condemned one that we fail to read is a command of nobody."""
    event_id = event_id_of(partition, entry.id)
    try:
        return Case(entry, event_id, read_command(entry.raw, size=entry.size), condemned=condemned)
    except Exception:
        if not condemned:
            raise  # and it is read once more, alone
        return Case(entry, event_id, Command(fault=Failed(event_id)), condemned=condemned, error=condemned)


def announcements(cases: Iterable[Case], tries: int) -> Iterable[Announcement]:
    """What is to be told of decided cases; `tries`: how often the first of them was taken."""
    for case in cases:
        assert case.outcome is not None
        failed = _to_keep(case) if case.error else b""
        yield Announcement(case.entry.id, case.outcome, case.command.reply_to, failed, case.error, tries)
        tries = 1  # only the first one's are counted


def _to_keep(case: Case) -> bytes:
    """The failed command, without its credentials; nothing where we fail to find these."""
    try:
        return without_authorization(case.entry.raw or b"")
    except Exception as bug:  # its outcome can be told all the same, and would else hold up all behind it
        log.error("command-failed", event_id=case.event_id, error=type(bug).__name__, exc_info=bug)
        return b""
