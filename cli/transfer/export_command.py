"""`spcm export`."""

import sys
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Any, BinaryIO, NamedTuple

import typer

from adapters.encoding import encode
from adapters.exporting import rows_of
from adapters.failures import Interrupted
from adapters.snapshot import snapshot
from cli.database import engine_of, require_schema
from cli.installation import choose_settings
from cli.names import tenant_name
from cli.options import DataFolder, TenantOption
from cli.problems import Problem, in_one_line, say
from cli.transfer.columns import columns_of, put
from cli.transfer.csv_records import written_record
from domain.catalog import OPERATIONS
from domain.plan_definitions import PLAN_DEFINITIONS
from domain.provisioning_profiles import PROVISIONING_PROFILES
from domain.resources import Kind
from domain.subscribers import SUBSCRIBERS

Write = Callable[[Sequence[Any]], bytes]


class Exported(StrEnum):
    """What can be exported."""

    SUBSCRIBERS = "subscribers"
    PROFILES = "provisionProfiles"
    DEFINITIONS = "planDefinitions"


class ExportFormat(StrEnum):
    """How it is written."""

    CSV = "csv"
    JSONL = "jsonl"


What = Annotated[Exported, typer.Argument(metavar="WHAT", help="subscribers, provisionProfiles or planDefinitions.")]
Tag = Annotated[str | None, typer.Option("--tag", help="Only subscribers with this tag.")]
Format = Annotated[
    ExportFormat,
    typer.Option("--format", metavar="FORMAT", help="csv: a header and rows. jsonl: an object on each line."),
]


class ExportedFields(NamedTuple):
    """What is exported of a kind: the fields that create takes, each with its path in a payload."""

    kind: Kind[Any]
    names: list[str]
    paths: list[tuple[str, ...]]


def export(
    what: What,
    tenant: TenantOption,
    tag: Tag = None,
    written_as: Format = ExportFormat.CSV,
    data: DataFolder = None,
) -> None:
    """Write a tenant's resources to stdout as of one moment, by key and without ids, as `spcm import` takes them.

    Of plan definitions their states and PCC profiles are left out.
    """
    if tag is not None and what is not Exported.SUBSCRIBERS:
        raise Problem(f"{what.value} have no tag: leave --tag out")
    chosen = choose_settings(data)
    require_schema(chosen)
    fields = _fields_of(what)
    with engine_of(chosen) as engine, snapshot(engine) as connection:
        filters = {} if tag is None else {"tag": tag}
        chunks = rows_of(connection, fields.kind, fields.names, tenant_name(tenant), filters)
        _write(chunks, fields, written_as, sys.stdout.buffer)
    if what is Exported.DEFINITIONS:
        say("left out: the PCC profiles of the plan definitions, and whether they are finalised, current and available")


def _fields_of(what: Exported) -> ExportedFields:
    kinds: dict[Exported, tuple[Kind[Any], str]] = {
        Exported.SUBSCRIBERS: (SUBSCRIBERS, "subscriber.create"),
        Exported.PROFILES: (PROVISIONING_PROFILES, "provisionProfile.create"),
        Exported.DEFINITIONS: (PLAN_DEFINITIONS, "planDefinition.create"),
    }
    kind, create = kinds[what]
    columns: dict[str, str] = {field.alias or name: name for name, field in kind.model.model_fields.items()}
    paths = [column.path for column in columns_of(OPERATIONS[create]).values() if column.path]
    return ExportedFields(kind, [columns[path[0]] for path in paths], paths)


def _write(
    chunks: Iterator[Sequence[Sequence[Any]]], fields: ExportedFields, written_as: ExportFormat, to: BinaryIO
) -> None:
    first = next(chunks, ())  # raises for a tenant that there is not, before anything is written
    if written_as is ExportFormat.CSV:
        to.write(written_record([".".join(path) for path in fields.paths]).encode())
    write = _csv if written_as is ExportFormat.CSV else _json(fields.paths)
    to.write(b"".join([write(row) for row in first]))
    try:
        for rows in chunks:
            to.write(b"".join([write(row) for row in rows]))
    except Interrupted as outage:
        raise Problem(f"{in_one_line(outage)}; what was written is not all") from None
    to.flush()


def _csv(row: Sequence[Any]) -> bytes:
    return written_record(row).encode()


def _json(paths: Sequence[tuple[str, ...]]) -> Write:
    def write(row: Sequence[Any]) -> bytes:
        members: dict[str, Any] = {}
        for path, value in zip(paths, row, strict=True):
            put(members, path if value is not None else path[:1], value)
        return encode(members) + b"\n"

    return write
