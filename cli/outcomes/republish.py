"""`spcm republish`."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import typer

from adapters import republication
from adapters.redis_client import connect
from adapters.settings import duration
from adapters.tenants import require_tenant
from cli.database import database, engine_of
from cli.installation import choose_settings
from cli.names import tenant_name
from cli.options import AsJson, DataFolder, TenantOption
from cli.problems import Problem
from cli.terminal import print_json, screen

_WRONG_TIME = "--since must be a time with its zone, as in 2026-11-21T16:00:00Z, or how long ago: 90m, 2h, 7d"

Since = Annotated[
    str, typer.Option("--since", metavar="TIME", help="2026-11-21T16:00:00Z, or how long ago: 90m, 2h, 7d.")
]


def republish(tenant: TenantOption, since: Since, as_json: AsJson = False, data: DataFolder = None) -> None:
    """Publish again what the journal remembers and the outcome stream has lost, oldest first, after Redis was lost.

    What is in the stream already is left out. Outcomes that the journal does not remember (of reads, dry runs, and of
    commands refused with 400, 401, 403, 412 or 503, or failed with 500) are not there to be published.
    """
    name, moment = tenant_name(tenant), moment_of(since, datetime.now(UTC))
    chosen = choose_settings(data)
    with database(chosen, reads=True) as connection:
        require_tenant(connection, name)
    with connect(chosen.redis) as client, engine_of(chosen) as engine:
        count = republication.republish(engine, client, name, moment)
    if as_json:
        print_json({"tenant": name, "since": moment.isoformat(), "republished": count})
    else:
        screen().print(f"outcomes published again for tenant {name}: {count}", soft_wrap=True)


def moment_of(text: str, now: datetime) -> datetime:
    """The time that is meant. Raises Problem."""
    with suppress(ValueError, OverflowError):
        return now - duration(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Problem(_WRONG_TIME) from None
    if moment.tzinfo is None:
        raise Problem(_WRONG_TIME)
    return moment
