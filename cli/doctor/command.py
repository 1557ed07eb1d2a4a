"""`spcm doctor`."""

import dataclasses
import os
from collections.abc import Callable, Iterator
from contextlib import suppress

import typer
from redis import Redis, ResponseError
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from adapters.database import database_url
from adapters.failures import Contended, Unavailable
from adapters.holders import foreign_sessions
from adapters.installation import told_partitions
from adapters.redis_client import connect
from adapters.settings import Settings, WrongSetting
from adapters.sqlite import READS
from adapters.tls import postgresql_exposure, redis_exposure
from cli.database import asked_of_database, engine_of, require_database, without_password
from cli.doctor.database import database_findings
from cli.doctor.findings import Finding, connected, ok, problem, warning
from cli.doctor.keys import key_findings
from cli.doctor.redis_server import redis_findings
from cli.doctor.standstill import standstill_findings, standstills
from cli.installation import choose_settings
from cli.options import AsJson, DataFolder
from cli.overview import Worker, dead_letter_count, workers
from cli.problems import FAILED, WRONG, in_one_line, say
from cli.terminal import print_json, screen, table, visible
from spcm_client import ClientError, read_partitions


class Unreached:
    """Whether a server could not be asked: the others still are."""

    def __init__(self) -> None:
        self.happened = False

    def findings(self, subject: str, ask: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
        """What `ask` finds, and what ended it before its time."""
        try:
            yield from ask()
        except Exception as error:
            words = in_one_line(error)
            if words is None:
                raise
            # But not as it should.
            answered = isinstance(error, ClientError | SQLAlchemyError | ResponseError | Contended)
            self.happened |= not answered
            yield problem(subject if answered else f"{subject} connection", words, "")


def doctor(as_json: AsJson = False, data: DataFolder = None) -> None:
    """Check servers, schema, partitions and users, and explain what is not as it should be.

    Exit status 1 if there is a problem, 2 if a server cannot be reached.
    """
    chosen = choose_settings(data)
    unreached = Unreached()
    found = [
        *_settings(),
        *unreached.findings("Redis", lambda: _redis(chosen, unreached)),
        *unreached.findings("database", lambda: _database(chosen)),
    ]
    if as_json:
        for finding in found:
            print_json(dataclasses.asdict(finding))
    else:
        _show(found)
    if unreached.happened:
        say("not all servers could be reached: start them, or correct SPCM_REDIS_URL and SPCM_DATABASE_URL")
        raise typer.Exit(WRONG)
    if any(finding.level == "problem" for finding in found):
        raise typer.Exit(FAILED)


def _settings() -> Iterator[Finding]:
    known = {f"SPCM_{name.upper()}" for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.upper().startswith("SPCM_") and name.upper() not in known:
            yield warning("settings", f"there is no setting {name}", "correct its name, or unset it: nothing reads it")


def _redis(chosen: Settings, unreached: Unreached) -> Iterator[Finding]:
    with connect(chosen.redis) as client:
        client.ping()
        advice = "use rediss://, and leave certificates verified: commands have passwords in them"
        yield connected("Redis connection", "it answers", redis_exposure(chosen.redis), advice)
        # What a user of Redis who may not see its settings can see all the same, comes after it.
        yield from unreached.findings("Redis", lambda: redis_findings(client, chosen.outcome_retention))
        yield from unreached.findings("partitions", lambda: _partitions(client, chosen))
        partitions = _told(chosen) or chosen.partitions
        yield from key_findings(client, partitions)
        there = workers(client)
        yield from _work(there, dead_letter_count(client))
        standing = standstills(client, partitions)
        # Where the database cannot be asked, that is a finding of its own.
        found, _ = asked_of_database(chosen, foreign_sessions) if standing else (None, None)
        yield from standstill_findings(standing, there, found or [])


def _partitions(client: Redis, chosen: Settings) -> Iterator[Finding]:
    partitions = read_partitions(client)
    if partitions is None:
        yield warning("partitions", "not fixed in Redis yet", "start a worker, which fixes their number")
    elif partitions != chosen.partitions:
        advice = f"set SPCM_PARTITIONS={partitions}: the number is fixed when an installation first starts"
        yield problem("partitions", f"SPCM_PARTITIONS is {chosen.partitions}, Redis has {partitions}", advice)
    else:
        yield ok("partitions", f"{partitions} in Redis")


def _told(chosen: Settings) -> int | None:
    """The number of partitions in Redis, as far as it can be asked: what is wrong there is a finding of its own."""
    with suppress(Unavailable, WrongSetting), connect(chosen.redis) as client:
        return told_partitions(client)
    return None


def _work(workers: list[Worker] | None, letters: int) -> Iterator[Finding]:
    """Who executes commands, as far as Redis tells, and what they failed with."""
    if workers:
        yield ok("workers", f"{len(workers)} of them")
        for each in workers:
            if each.silent:
                yield warning("workers", str(each), "it is stopped, or cut off from Redis: see its log, start it again")
    elif workers is not None:
        yield warning("workers", "there is none", "start one: `spcm up`, or `celery -A workers.app worker`")
    if letters:
        yield warning(
            "dead letters", f"{letters}: commands that SPCM failed to execute", "look at `spcm deadletters list`"
        )


def _database(chosen: Settings) -> Iterator[Finding]:
    require_database(chosen)
    with engine_of(chosen) as engine, engine.execution_options(**READS).connect() as connection:
        advice = "use sslmode=verify-full, or leave sslmode out: then certificates are verified"
        exposure = postgresql_exposure(database_url(chosen.database))
        yield connected("database connection", without_password(chosen.database), exposure, advice)
        yield from database_findings(connection, chosen.partitions, _told(chosen))


def _show(found: list[Finding]) -> None:
    colours = {"ok": "green", "warning": "yellow", "problem": "red"}
    rows = []
    for finding in found:
        words = Text(visible(finding.found))
        if finding.advice:
            words.append(f"\n{finding.advice}", style="bold")
        rows.append((Text(finding.level, style=colours[finding.level]), finding.subject, words))
    screen().print(table(["", "what", "found, and what to do"], rows))
