"""Who holds which partition, as PostgreSQL knows it. Nothing is locked by asking."""

from sqlalchemy import Connection, text

# A row's xmax names the transaction that has locked it last; one that still runs holds a lock on its own id.
_HOLDERS = text(
    "select p.number, a.pid, coalesce(a.client_addr::text || ':' || a.client_port, 'local') as client"
    " from partitions p"
    " join pg_locks l on l.locktype = 'transactionid' and l.mode = 'ExclusiveLock' and l.transactionid = p.xmax"
    " join pg_stat_activity a on a.pid = l.pid"
)


def holders(connection: Connection) -> dict[int, str] | None:
    """The connection that holds each partition that is held now; None where the engine cannot tell."""
    if connection.dialect.name != "postgresql":
        return None
    return {number: f"{client} (backend {pid})" for number, pid, client in connection.execute(_HOLDERS)}
