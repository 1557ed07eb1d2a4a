"""A tenant's outcome stream: where it is, and the entries in the raw answers to reads of it."""

import re
from typing import Any, NamedTuple

from spcm_client.errors import MalformedOutcome
from spcm_client.outcomes import Outcome

BEFORE_ALL = "0-0"
_STREAM_ID = re.compile("[0-9]{1,20}(-[0-9]{1,20})?")


class Entry(NamedTuple):
    """An entry of the stream. `fields` is None where it was trimmed while a reader still had it on its list."""

    stream_id: str
    fields: list[bytes] | None

    def outcome(self) -> Outcome:
        """Raises `MalformedOutcome`."""
        names_and_values = iter(self.fields or ())
        event = dict(zip(names_and_values, names_and_values, strict=True)).get(b"event")
        if event is None:
            raise MalformedOutcome("no event", self.stream_id)
        return Outcome.from_json(event, self.stream_id)


def is_stream_id(text: str) -> bool:
    """Whether it can be the id of a stream's entry, with or without its second part."""
    return _STREAM_ID.fullmatch(text) is not None and all(int(part) < 2**64 for part in text.split("-"))


def outcome_stream(tenant: str) -> str:
    return "spcm:outcomes:" + tenant  # of an Enum too, which a format would give another name


def entries_read(answer: Any) -> list[Entry]:
    """The entries in the raw answer to XREAD or XREADGROUP of one stream: a map in RESP3, pairs in RESP2."""
    if not answer:
        return []
    streams = list(answer.values()) if isinstance(answer, dict) else [entries for _, entries in answer]
    return entries_of(streams[0])


def entries_of(raw: Any) -> list[Entry]:
    return [Entry(stream_id.decode(), fields) for stream_id, fields in raw]
