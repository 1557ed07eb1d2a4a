"""What was sent: the checker's side of the truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["good", "stranger", "garbage", "unreadable", "poison", "elsewhere"]
"""good: its outcome follows from those before it. stranger: a wrong password. garbage: refused with 400, but legible
enough to be told to its tenant. unreadable: no tenant can be read. poison: an operation that fails on us. elsewhere: in
a partition that is not its own, so that its place in the order is nowhere."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A command that is to be sent."""

    partition: int
    raw: bytes
    kind: Kind = "good"


@dataclass(frozen=True, slots=True)
class Sent:
    """An entry that Redis has accepted."""

    partition: int
    stream_id: str
    raw: bytes
    kind: Kind

    @property
    def event_id(self) -> str:
        return f"{self.partition}-{self.stream_id}"

    @property
    def place(self) -> tuple[int, int, int]:
        """Sorts as the partition's stream does."""
        return (self.partition, *place_of(self.stream_id))


class Ledger:
    """All that a publisher knows: what was accepted, and what may have been, since no answer came."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.unsure: list[Draft] = []

    def accept(self, draft: Draft, stream_id: str) -> None:
        self.sent.append(Sent(draft.partition, stream_id, draft.raw, draft.kind))

    def doubt(self, draft: Draft) -> None:
        self.unsure.append(draft)

    def __len__(self) -> int:
        return len(self.sent)

    def __iter__(self) -> Iterator[Sent]:
        return iter(self.sent)


def place_of(stream_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = stream_id.partition("-")
    return int(milliseconds), int(sequence)
