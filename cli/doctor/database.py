"""What is to be known of the database: whether it keeps what it confirmed, and is ready for this version."""

import sqlite3
import time
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, inspect, select, text

from adapters.database import has_our_settings
from adapters.installation import missing_partitions
from adapters.migrations import NotReady, newest, require_current
from adapters.tables import creations, metadata, tenants, user_permissions, users
from cli.doctor.findings import Finding, expect, ok, problem, warning

OLDEST_POSTGRESQL = 14
"""Older ones get no corrections any more."""

LONGEST_CHECK = 5.0
"""Seconds that SQLite may take to look for damage in its file."""


def database_findings(connection: Connection, partitions: int, told: int | None) -> Iterator[Finding]:
    """All of it; `partitions` as they are set, and as Redis has `told` them. Raises what the engine raises."""
    if connection.dialect.name == "postgresql":
        yield from _postgresql(connection)
    else:
        yield ok("database", f"SQLite {connection.scalar(text('select sqlite_version()'))}: for workers of one machine")
        yield from _damage(connection)
    try:
        require_current(connection)
    except NotReady as wrong:
        yield problem("migrations", str(wrong), "")
        return
    if lacking := _lacking(connection):
        found = f"the database lacks {', '.join(lacking)}"
        yield problem("migrations", found, "restore a whole backup, or what is missing: workers wait for it")
        return
    yield ok("migrations", f"schema {newest()}")
    if connection.dialect.name == "postgresql":
        yield from _writable(connection)
    yield from _partitions(connection, partitions, told)
    yield _users(connection)


def _damage(connection: Connection) -> Iterator[Finding]:
    """Only if SQLite finds its file damaged, as far as it gets in a few seconds."""
    driver: Any = connection.connection.driver_connection
    enough = time.monotonic() + LONGEST_CHECK
    driver.set_progress_handler(lambda: time.monotonic() > enough, 100_000)
    try:
        found = driver.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
    else:
        if found != "ok":
            yield problem("database", f"SQLite's file is damaged: {found}", "stop the workers, and restore a backup")
    finally:
        driver.set_progress_handler(None, 0)


def _lacking(connection: Connection) -> list[str]:
    """Tables and columns of the schema that are not there."""
    asked = inspect(connection)
    tables = set(asked.get_table_names())
    there = {(name, column["name"]) for name in tables & set(metadata.tables) for column in asked.get_columns(name)}
    columns = {(table.name, column.name) for table in metadata.sorted_tables for column in table.columns}
    lost = sorted(set(metadata.tables) - tables)
    return lost + [f"{name}.{column}" for name, column in sorted(columns - there) if name in tables]


def _postgresql(connection: Connection) -> Iterator[Finding]:
    version = int(str(connection.scalar(text("show server_version_num"))))
    words = f"PostgreSQL {connection.scalar(text('show server_version'))}"
    if version // 10_000 >= OLDEST_POSTGRESQL:
        yield ok("database", words)
    else:
        yield warning("database", words, f"use PostgreSQL {OLDEST_POSTGRESQL} or newer")
    if not has_our_settings(connection):
        advice = "name PostgreSQL itself in SPCM_DATABASE_URL: through this one workers do not start"
        yield problem("PostgreSQL", "a pooler that keeps our settings from it", advice)
    for setting, danger in (
        ("fsync", "a crash of the machine can destroy the database"),
        ("full_page_writes", "a crash of the machine can destroy pages of the database"),
        # Ours is a session's own setting; a value that is told here holds for us.
        ("synchronous_commit", "a crash can undo what outcomes have told"),
    ):
        value = str(connection.scalar(text(f"show {setting}")))
        good = value == "on" or (setting == "synchronous_commit" and value in ("remote_write", "remote_apply"))
        yield expect("PostgreSQL", f"{setting} {value}", good=good, advice=f"set {setting} = on: without it {danger}")


def _writable(connection: Connection) -> Iterator[Finding]:
    """Only what is wrong: that workers may write is what everybody takes for granted."""
    if connection.scalar(text("show transaction_read_only")) == "on":
        recovering = connection.scalar(text("select pg_is_in_recovery()"))
        found = "a standby, which takes no writes" if recovering else "default_transaction_read_only is on"
        yield problem("PostgreSQL", found, "name the primary in SPCM_DATABASE_URL, or let it be written to")
    asked = text("select has_table_privilege(:table, :right)")
    missing = [
        f"{right} on {table}"
        for table in sorted(metadata.tables)
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE")
        if not connection.scalar(asked, {"table": table, "right": right})
    ]
    if not connection.scalar(text("select has_sequence_privilege(:name, 'USAGE')"), {"name": creations.name}):
        missing.append(f"USAGE on {creations.name}")
    if missing:
        advice = "a worker that connects as this user waits until it is granted them"
        yield problem("PostgreSQL", f"this user lacks {', '.join(missing)}", advice)


def _partitions(connection: Connection, count: int, told: int | None) -> Iterator[Finding]:
    try:
        missing = missing_partitions(connection, count, told=told)
        if not missing:
            yield ok("partitions", f"{count} in the database")
        elif len(missing) == count:
            yield warning("partitions", "none in the database yet", "start a worker: it makes them")
        else:
            found = f"the database has no row of partition {', '.join(map(str, missing))}"
            yield problem("partitions", found, "start a worker: it makes them anew")
    except NotReady as wrong:
        yield problem("partitions", str(wrong), "")


def _users(connection: Connection) -> Finding:
    count = connection.scalar(select(func.count()).select_from(tenants)) or 0
    all_users = connection.scalar(select(func.count()).select_from(users)) or 0
    held = select(user_permissions.c.tenant, user_permissions.c.user_name).distinct().subquery()
    able = connection.scalar(select(func.count()).select_from(held)) or 0
    found = f"{count} tenants, {all_users} users, {able} of them with permissions"
    if able:
        return ok("users", found)
    advice = "add some with `spcm tenant add` and `spcm user add`: else each command gets 401 or 403"
    return warning("users", found, advice)
