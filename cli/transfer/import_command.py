"""`spcm import`."""

import time
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from redis import RedisError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.installation import choose_settings, number_of_partitions
from cli.names import password_in, tenant_name, user_name
from cli.options import DataFolder, PasswordEnv, TenantOption, Timeout, UserOption
from cli.problems import FAILED, Problem, in_one_line, say
from cli.stopping import terminated_as_by_ctrl_c
from cli.terminal import errors, print_line, screen, table
from cli.transfer.report import Report, summary
from cli.transfer.source import open_source
from domain.bulk_form import BULK
from domain.catalog import OPERATIONS
from domain.operations import Operation
from spcm_client import Client, ClientError, ItemResult, OutcomeTimeout, import_items

_UNAUTHENTICATED = 401
_SHOWN_EACH = 250  # results


class ImportMode(StrEnum):
    """What a failure undoes."""

    CONTINUE = "continue"
    ATOMIC = "atomic"


File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a header, or JSON lines, in UTF-8.")]
OperationOption = Annotated[str, typer.Option("--operation", metavar="NAME", help="What each line asks for.")]
Mode = Annotated[ImportMode, typer.Option("--mode", help="atomic: a failure undoes its bulk, up to 500 lines.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Change nothing, and show what would happen.")]
Run = Annotated[str, typer.Option("--run", metavar="LABEL", help="Another label imports the same file anew.")]


def import_file(
    file: File,
    tenant: TenantOption,
    user: UserOption,
    password_env: PasswordEnv,
    operation: OperationOption = "subscriber.create",
    mode: Mode = ImportMode.CONTINUE,
    dry_run: DryRun = False,
    run: Run = "",
    timeout: Timeout = 300.0,
    data: DataFolder = None,
) -> None:
    """Import a file of any size. Run again after an interruption it goes on where it was, and does nothing twice.

    What did not succeed is in FILE.report.csv, and those lines as they were in FILE.remainder.csv or .jsonl. Exit
    status: 0, 1 where some did not succeed, 2 where the import could not run.
    """
    chosen = choose_settings(data)
    known = _operation(operation)
    with (
        _client(chosen.redis, tenant, user, password_env) as client,
        closing(open_source(file, known)) as source,
        terminated_as_by_ctrl_c(),
        Report(file, source) as report,
    ):
        number_of_partitions(client.redis)  # each bulk's id depends on it: a guess would make others of them
        try:
            content = source.check()
        except Problem as problem:
            raise Problem(f"{problem}; nothing was sent") from None
        label = f"{content.digest}/{operation}/{run}"
        results = import_items(client, source.items(), mode=mode.value, run=label, dry_run=dry_run, timeout=timeout)
        try:
            _follow(results, report, content.items)
            report.write()
        except OutcomeTimeout as late:
            why = "is a worker running?" if late.__cause__ is None else f"{in_one_line(late.__cause__)}."
            words = f"no outcome came within {timeout:g} s: {why} Run the same import again to go on"
            raise Problem(words + report.earlier) from None
        except (Problem, ClientError, RedisError) as error:
            raise Problem(f"{in_one_line(error)}{report.earlier}") from None
        except KeyboardInterrupt:
            say(f"run the same import again to go on{report.earlier}")
            raise
        _tell(report, dry_run=dry_run)
        if report.failed:
            raise typer.Exit(FAILED)


def _operation(name: str) -> Operation:
    operation = OPERATIONS.get(name)
    if operation is None or name == BULK:
        names = ", ".join(each for each in OPERATIONS if each != BULK)
        raise Problem(f"there is no operation {name} for a line; there are {names}")
    return operation


def _client(url: str, tenant: str, user: str, variable: str) -> Client:
    return Client(url, tenant_name(tenant), user_name(user), password_in(variable))


def _follow(results: Iterator[ItemResult], report: Report, total: int) -> None:
    """Take the results in, and show how far it is. Raises Problem for what no item can cure."""
    console = errors()
    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    began = time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("importing", total=total)
        for done, result in enumerate(results, 1):
            if result.status == _UNAUTHENTICATED:
                raise Problem("tenant, user or password is wrong: lines that were not imported yet were not executed")
            report.add(result)
            if done % _SHOWN_EACH == 0 or done == total:
                rate = done / max(time.monotonic() - began, 0.001)
                bar.update(task, completed=done, description=f"importing, {rate:,.0f} a second")


def _tell(report: Report, *, dry_run: bool) -> None:
    if dry_run:
        print_line("dry run: nothing was changed")
    screen().print(table(("status", "reason", "lines"), summary(report)))
    if report.replayed:
        print_line(f"decided before, by an earlier run or before a connection was lost: {report.replayed:,}")
    if report.failed:
        print_line(f"what did not succeed: {report.path}")
        print_line(f"those lines, as they were: {report.remainder}")
    if report.failed and report.failed == report.all and not dry_run:
        print_line("none succeeded: to import the same lines again, give --run another label")
