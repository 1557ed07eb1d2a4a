"""`spcm bench`: measures an installation as it runs, in a tenant of its own that is gone afterwards."""

import math
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Annotated, Any

import typer
from redis import RedisError

from adapters.keys import outcome_stream
from adapters.redis_client import connect
from adapters.settings import Settings
from adapters.tenants import NoSuchTenant, add_tenant, remove_tenant
from adapters.users import add_user
from cli.bench_sender import Benched, Sender
from cli.database import database, engine_of, require_schema
from cli.installation import choose_settings, number_of_partitions
from cli.options import AsJson, DataFolder
from cli.problems import FAILED
from cli.stopping import stopping_in_order, undisturbed
from cli.terminal import print_json, print_line
from domain.permissions import Permission
from spcm_client.commands import basic_authorization
from spcm_client.connections import answers_kept_apart

Commands = Annotated[
    int, typer.Option("--commands", min=1, max=200_000, help="How many are sent without waiting, up to 20,000 ahead.")
]
Singles = Annotated[int, typer.Option("--singles", min=1, help="How many are sent one at a time.")]
Chosen = Annotated[Benched, typer.Option("--operation", help="What the commands ask for.")]


def bench(
    commands: Commands = 10_000,
    singles: Singles = 100,
    operation: Chosen = Benched.CREATE,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Measure this installation: commands a second, and how long a single one takes.

    It uses a tenant of its own, with a random name, and removes it afterwards with all that it wrote. Other work
    that goes on meanwhile is slowed down, and so is what is measured. Exit status 1 where an outcome is 400 or above.
    """
    with stopping_in_order():
        with _bench(choose_settings(data)) as sender:
            found = _measure(sender, operation, commands, singles)
            _tell(found, as_json=as_json)
        raise typer.Exit(FAILED if any(status >= 400 for status in sender.statuses) else 0)
    raise typer.Abort


def _measure(sender: Sender, operation: Benched, commands: int, singles: int) -> dict[str, Any]:
    if operation is not Benched.CREATE:
        sender.all_at_once(Benched.CREATE, range(commands + singles))
    rate = sender.all_at_once(operation, range(commands))
    took = sorted(sender.one_at_a_time(operation, range(commands, commands + singles)))
    return {
        "operation": operation.value,
        "commands": commands,
        "commandsPerSecond": round(rate),
        "singles": singles,
        "milliseconds": {f"p{percent}": round(1000 * percentile(took, percent), 1) for percent in (50, 90, 99)},
        "statuses": {str(status): count for status, count in sorted(sender.statuses.items())},
    }


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    milliseconds = ", ".join(f"{name} {value} ms" for name, value in found["milliseconds"].items())
    statuses = ", ".join(f"{status} {count:,} times" for status, count in found["statuses"].items())
    print_line(
        f"{found['operation']}: {found['commandsPerSecond']:,} commands a second, {found['commands']:,} sent at once"
    )
    print_line(f"from XADD to outcome, {found['singles']:,} sent one at a time: {milliseconds}")
    print_line(f"outcomes: {statuses}")


@contextmanager
def _bench(chosen: Settings) -> Iterator[Sender]:
    """A tenant with a user of a random password, while it is measured. Raises Problem."""
    tenant, password = f"bench-{secrets.token_hex(6)}", secrets.token_urlsafe(16)
    require_schema(chosen)
    with connect(chosen.redis) as client:
        partitions = number_of_partitions(client)
        sender = Sender(client, tenant, basic_authorization("bench", password), partitions)
        try:
            with database(chosen) as connection:
                add_tenant(connection, tenant)
                add_user(connection, tenant, "bench", password, Permission)
            with answers_kept_apart(client):
                yield sender
        finally:
            # Commands that are still there, after an interruption without a worker, are answered 401 from now on.
            with undisturbed():
                with suppress(RedisError):
                    sender.settle()
                with engine_of(chosen) as engine, suppress(NoSuchTenant):
                    remove_tenant(engine, tenant)
                client.delete(outcome_stream(tenant))


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that at least so many per cent do not exceed."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
