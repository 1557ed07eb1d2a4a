"""Who holds which partition, and who stands in the way, as PostgreSQL knows it. Nothing is locked by asking."""

from typing import Any

from sqlalchemy import Connection, Row, text

from adapters.database import APPLICATION

# A row's xmax names the transaction that has locked it last; one that still runs holds a lock on its own id.
_HOLDERS = text(
    "select p.number, a.pid, host(a.client_addr) as host, a.client_port as port, a.application_name, a.xact_start"
    " from partitions p"
    " join pg_locks l on l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.transactionid = p.xmax"
    " join pg_stat_activity a on a.pid = l.pid"
)
_BLOCKERS = text(
    "select distinct a.pid, host(a.client_addr) as host, a.client_port as port, a.application_name, a.xact_start"
    " from pg_stat_activity w cross join unnest(pg_blocking_pids(w.pid)) as blocking(pid)"
    " join pg_stat_activity a on a.pid = blocking.pid"
    " where w.datname = current_database() and w.application_name = :ours and a.application_name <> :ours"
)


def holders(connection: Connection) -> dict[int, str] | None:
    """The connection that holds each partition that is held now; None where the engine cannot tell."""
    if connection.dialect.name != "postgresql":
        return None
    return {row.number: f"{_client(row)} (backend {row.pid})" for row in connection.execute(_HOLDERS)}


def foreign_sessions(connection: Connection) -> list[str]:
    """Sessions of other programs that hold a partition, or what SPCM waits for; none where the engine cannot tell."""
    if connection.dialect.name != "postgresql":
        return []
    holding = [row for row in connection.execute(_HOLDERS) if row.application_name != APPLICATION]
    blocking = connection.execute(_BLOCKERS, {"ours": APPLICATION}).all()
    return sorted({_session(row) for row in [*holding, *blocking]})


def _session(row: Row[Any]) -> str:
    since = "" if row.xact_start is None else f", in a transaction since {row.xact_start:%H:%M:%S}"
    return f"backend {row.pid} ({row.application_name or 'no name'}, {_client(row)}{since})"


def _client(row: Row[Any]) -> str:
    if row.host is not None:
        return f"{row.host}:{row.port}"
    return "unknown" if row.port is None else "local"  # who may not see the address may not see the port either
