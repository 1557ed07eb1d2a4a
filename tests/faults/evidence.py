"""What the servers hold when the dust has settled, as plain values."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import create_engine, inspect, text

from tests.faults.ledger import Draft, Sent, place_of

COMMANDS = "spcm:commands:"
OUTCOMES = "spcm:outcomes:"
DEAD_LETTERS = "spcm:deadletters"


@dataclass(frozen=True, slots=True)
class Told:
    """An outcome event as it stands in a stream."""

    stream: str
    stream_id: str
    event: dict[str, Any]

    @property
    def entry(self) -> tuple[int, int, int]:
        """The place of the command that it tells of."""
        partition, _, stream_id = self.event["id"].partition("-")
        return (int(partition), *place_of(stream_id))


@dataclass
class Evidence:
    """All that the checker is given."""

    sent: list[Sent]
    unsure: list[Draft] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    letters: list[dict[str, str]] = field(default_factory=list)
    journal: list[dict[str, Any]] = field(default_factory=list)
    subscribers: list[dict[str, Any]] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def gather(client: "redis.Redis", database: str, sent: list[Sent], unsure: list[Draft], logs: list[Path]) -> Evidence:
    """Read it all from Redis, the database at the URL, and log files."""
    evidence = Evidence(list(sent), list(unsure))
    for stream in sorted(key.decode() for key in client.scan_iter(match=f"{OUTCOMES}*", count=1000)):
        for stream_id, fields in _entries(client, stream):
            evidence.told.append(Told(stream, stream_id, json.loads(fields["event"])))
            evidence.texts[f"{stream} {stream_id}"] = fields["event"]
    for stream_id, fields in _entries(client, DEAD_LETTERS):
        evidence.letters.append(fields)
        evidence.texts[f"{DEAD_LETTERS} {stream_id}"] = json.dumps(fields)
    for key in client.scan_iter(match=f"{COMMANDS}*", count=1000):
        evidence.left[key.decode()] = int(client.xlen(key))
    for key in client.scan_iter(match="spcm:replies:*", count=1000):
        evidence.texts[key.decode()] = repr(client.lrange(key, 0, -1))
    _read_tables(database, evidence)
    for log in logs:
        evidence.texts[log.name] = log.read_text(errors="replace")
    return evidence


def _read_tables(database: str, evidence: Evidence) -> None:
    engine = create_engine(database)
    with engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            rows = [dict(row) for row in connection.execute(text(f"select * from {table}")).mappings()]
            evidence.texts[f"table {table}"] = repr(rows)
            if table == "journal":
                evidence.journal = rows
            elif table == "subscribers":
                evidence.subscribers = rows
    engine.dispose()


def _entries(client: Any, stream: str) -> Iterator[tuple[str, dict[str, str]]]:
    after = "-"
    while page := client.xrange(stream, after, "+", count=2000):
        for stream_id, fields in page:
            yield stream_id.decode(), {name.decode(): value.decode() for name, value in fields.items()}
        after = f"({page[-1][0].decode()}"
