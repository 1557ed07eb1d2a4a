"""TLS to Redis and PostgreSQL: certificates and names are verified unless somebody wrote down that they are not."""

import os
import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from redis.connection import parse_url
from sqlalchemy.engine import URL

_UNVERIFIED = {"disable", "allow", "prefer"}


def redis_options(redis_url: str) -> dict[str, Any]:
    """What redis-py reads in the URL. Raises ValueError."""
    options: dict[str, Any] = parse_url(redis_url)  # type: ignore[no-untyped-call]  # redis-py gives it no types
    return options


def broker_tls(redis_url: str) -> dict[str, Any] | None:
    """What makes kombu verify as redis-py does by itself; None where the URL is not `rediss://`."""
    if not redis_url.startswith("rediss://"):
        return None
    options = redis_options(redis_url)
    given = {name: value for name, value in options.items() if name.startswith("ssl_")}
    return {"ssl_cert_reqs": "required", "ssl_check_hostname": True} | given


def verified(url: URL) -> URL:
    """A PostgreSQL URL that verifies the server's certificate, and its name, where the server is another host.

    Unless the URL, or PGSSLMODE, says otherwise: libpq's own default takes any certificate, or none at all. Its
    `require` takes any certificate, and so is made the same as `verify-full`.
    """
    mode = _option(url, "sslmode", "PGSSLMODE")
    if mode == "require" or (not mode and not all(map(_is_local, _hosts(url)))):
        url = url.update_query_dict({"sslmode": "verify-full"})
        if not _option(url, "sslrootcert", "PGSSLROOTCERT") and not _libpqs_own_authorities().exists():
            url = url.update_query_dict({"sslrootcert": _authorities()})
    return url


def redis_exposure(redis_url: str) -> str:
    """How the way to a Redis on another host is open to strangers; nothing where it is not."""
    options = redis_options(redis_url)
    if redis_url.startswith("unix://") or _is_local(options.get("host", "")):
        return ""
    tls = broker_tls(redis_url)
    if tls is None:
        return "not encrypted"
    unverified = str(tls["ssl_cert_reqs"]) != "required" or not tls["ssl_check_hostname"]
    return "encrypted to whoever answers: certificate or name is not verified" if unverified else ""


def postgresql_exposure(url: URL) -> str:
    """The same for PostgreSQL, of a URL that `verified` gave."""
    if all(map(_is_local, _hosts(url))):
        return ""
    mode = _option(url, "sslmode", "PGSSLMODE") if url.get_backend_name() == "postgresql" else ""
    return f"sslmode {mode}, so perhaps not encrypted" if mode in _UNVERIFIED else ""


def _hosts(url: URL) -> Iterator[str]:
    """All that the URL names; libpq tries one after the other. Without any it takes the Unix socket.

    An address has the last word, whatever name stands beside it.
    """
    names = [url.host] if url.host else _values(url, "host") or os.environ.get("PGHOST", "").split(",")
    addresses = _values(url, "hostaddr") or os.environ.get("PGHOSTADDR", "").split(",")
    for each in (*names, *addresses):
        host, _, port = each.rpartition(":")
        # SQLAlchemy's form for several hosts has the port with each.
        yield host if host and port.isdigit() and ":" not in host else each


def _values(url: URL, name: str) -> list[str]:
    found = url.query.get(name, ())
    return found.split(",") if isinstance(found, str) and found else list(found)


def _option(url: URL, name: str, variable: str) -> str:
    return next(iter(_values(url, name)), "") or os.environ.get(variable, "")


def _is_local(host: str) -> bool:
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _authorities() -> str:
    """The machine's: libpq's word for them is `system`, but the one that psycopg brings looks where nothing is."""
    return ssl.get_default_verify_paths().cafile or "system"


def _libpqs_own_authorities() -> Path:
    return Path("~/.postgresql/root.crt").expanduser()
