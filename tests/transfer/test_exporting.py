"""`spcm export`: what it writes, and that it comes back."""

import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import text

from adapters.exporting import rows_of
from adapters.failures import Unavailable
from adapters.snapshot import snapshot
from adapters.tenants import add_tenant
from cli.problems import Problem
from cli.transfer.export_command import ExportedFields, ExportFormat, _write
from domain.subscribers import SUBSCRIBERS
from examples.migration.make_subscribers import good
from tests.engines import migrated
from tests.transfer.files import ServedFiles

PROFILES = [
    {"name": "b", "defaultProfile": False, "locale": "ja_JP", "dpsEnabled": True, "subscriberType": "PREPAID"},
    {"name": 'a, "the default"\n', "defaultProfile": True},
]
PLAN: dict[str, Any] = {"unitAmount": "1", "unitMeteringType": "TIME", "validityPeriod": {"validityPeriod": "1day"}}
PLANS = [
    PLAN | {"name": "b", "grantedAmount": {"volumeAmount": 7}, "summary": "", "recurring": True, "core": True},
    PLAN | {"name": "a", "description": "\u202eü", "cost": 3},
]


def fill(files: ServedFiles, count: int = 300) -> None:
    for payload in (*PROFILES[:1], *PLANS):
        operation = "planDefinition.create" if "unitAmount" in payload else "provisionProfile.create"
        assert files.sender.ask(operation, payload)["status"] == 201
    rows = [{name: value for name, value in good(number).items() if value} for number in range(count)]
    for row in rows:
        row.pop("dpsEnabled")
        row["renewalDayOfMonth"] = int(row["renewalDayOfMonth"])  # type: ignore[assignment]
    commands = [files.sender.command("subscriber.create", row, params={"msisdn": row["msisdn"]}) for row in rows]
    assert {event["status"] for event in files.sender.run(*commands)} == {201}
    assert files.sender.ask("provisionProfile.create", PROFILES[1])["status"] == 201


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_export_import_export_gives_the_same_bytes(files: ServedFiles, form: str) -> None:
    fill(files)
    other = ServedFiles(files.installation, files.folder)
    for what, operation in (("subscribers", "subscriber.create"), ("provisionProfiles", "provisionProfile.create")):
        exported = files.export(what, "--format", form)
        other.import_file(files.write(f"{what}.{form}", exported), "--operation", operation)
        assert other.export(what, "--format", form) == exported
    assert other.count() == 300


def test_plan_definitions_are_exported_as_create_takes_them_and_the_rest_is_named(sqlite_files: ServedFiles) -> None:
    fill(sqlite_files, 1)
    done = sqlite_files.run("export", "planDefinitions")
    assert "left out: the PCC profiles" in done.stderr
    other = ServedFiles(sqlite_files.installation, sqlite_files.folder)
    other.import_file(sqlite_files.write("plans.csv", done.stdout), "--operation", "planDefinition.create")
    assert other.export("planDefinitions") == done.stdout
    first, second, third = done.stdout.splitlines()
    assert first.startswith("name,unitAmount,unitMeteringType,cost,validityPeriod.validityPeriod,grantedAmount.volume")
    assert second == 'b,1,TIME,0,1day,7,,true,true,"",,'
    assert third == "a,1,TIME,3,1day,,,false,false,,\u202eü,"


def test_subscribers_are_in_the_order_of_their_msisdn_and_null_is_no_empty_string(sqlite_files: ServedFiles) -> None:
    sqlite_files.import_file(sqlite_files.write("s.csv", "msisdn,zone\n2,b\n+1,\n10,c\n"))
    lines = sqlite_files.export("subscribers").splitlines()
    assert lines[0] == (
        "msisdn,imsi,alternateNotificationMsisdn,paymentType,class,locale,status,dpsEnabled,dpsNotification,"
        "eosNotification,paygNotification,imei,zone,renewalDayOfMonth,qosCategoryName,tag"
    )
    assert lines[1] == "+1,,,unknown,,,active,false,false,false,false,,,,,"
    assert [line.split(",")[0] for line in lines[1:]] == ["+1", "10", "2"]


def test_exported_json_lines_are_objects(sqlite_files: ServedFiles) -> None:
    sqlite_files.import_file(sqlite_files.write("s.csv", "msisdn,renewalDayOfMonth\n1,7\n"))
    (line,) = sqlite_files.export("subscribers", "--format", "jsonl").splitlines()
    assert json.loads(line)["renewalDayOfMonth"] == 7


def test_a_tag_selects_subscribers(files: ServedFiles) -> None:
    files.import_file(files.write("s.csv", "msisdn,tag\n1,week\n2,Week\n3,\n"))
    assert [line.split(",")[0] for line in files.export("subscribers", "--tag", "week").splitlines()[1:]] == ["1"]
    assert files.export("subscribers", "--tag", "no", "--format", "jsonl") == ""


def test_an_empty_tenant_gives_a_header(sqlite_files: ServedFiles) -> None:
    assert sqlite_files.export("provisionProfiles").splitlines() == [
        "name,defaultProfile,locale,initialCorePlanName,subscriberClass,subscriberType,dpsEnabled,dpsNotification,"
        "eosNotification,paygNotification"
    ]


def test_what_cannot_be_exported_is_told(sqlite_files: ServedFiles) -> None:
    done = sqlite_files.run("export", "provisionProfiles", "--tag", "x")
    assert (done.returncode, done.stdout, "have no tag" in done.stderr) == (2, "", True)
    assert sqlite_files.run("export", "pccProfiles").returncode == 2
    sqlite_files.tenant = "nobody"
    done = sqlite_files.run("export", "subscribers")
    assert (done.returncode, done.stdout, "there is no tenant nobody" in done.stderr) == (2, "", True)


def test_a_reader_that_goes_away_is_no_fault(sqlite_files: ServedFiles) -> None:
    fill(sqlite_files)
    process = sqlite_files.start("export", "subscribers")
    assert process.stdout is not None
    process.stdout.close()
    process.wait(30)
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()


def test_an_export_that_ends_early_says_that_it_is_not_all() -> None:
    def lost() -> Iterator[list[tuple[str]]]:
        yield [("1",)]
        raise Unavailable("away")

    fields = ExportedFields(SUBSCRIBERS, ["msisdn"], [("msisdn",)])
    with pytest.raises(Problem, match=r"^the database cannot be used: away .*; what was written is not all$"):
        _write(lost(), fields, ExportFormat.CSV, BytesIO())


def test_an_export_has_few_rows_in_memory_however_many_there_are(postgres_url: str) -> None:
    with migrated(postgres_url) as engine:
        with engine.begin() as connection:
            add_tenant(connection, "acme")
            connection.execute(text(THREE_THOUSAND))
        with snapshot(engine) as connection:
            first = next(rows_of(connection, SUBSCRIBERS, ["msisdn"], "acme", {}))
            assert 0 < len(first) < 3000
            # The others are still the server's, and not in a buffer of the driver's.
            assert connection.scalar(text("select count(*) from pg_cursors where name <> ''")) == 1


THREE_THOUSAND = """
    insert into subscribers (tenant, msisdn, payment_type, status, dps_enabled, dps_notification, eos_notification,
                             payg_notification, created)
    select 'acme', i, 'unknown', 'active', false, false, false, false, i from generate_series(1, 3000) i
"""


def test_an_export_sees_one_moment_and_no_idle_limit_ends_it(
    files: ServedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stopped in the middle while subscribers come and go; how long that may take is only asked, not tried."""
    monkeypatch.setattr("adapters.exporting._ROWS_AT_ONCE", 1)
    commands = [
        files.sender.command("subscriber.create", {"msisdn": f"{n}"}, params={"msisdn": f"{n}"}) for n in (1, 2)
    ]
    files.sender.run(*commands)
    with snapshot(files.installation.engine) as connection:
        chunks = rows_of(connection, SUBSCRIBERS, ["msisdn", "zone"], files.tenant, {})
        first = list(next(chunks))
        assert len(first) == 1
        files.sender.ask("subscriber.delete", params={"msisdn": "2"})
        files.sender.ask("subscriber.create", {"msisdn": "3"}, params={"msisdn": "3"})
        rest = [row for chunk in chunks for row in chunk]
        again = [
            row for chunk in rows_of(connection, SUBSCRIBERS, ["msisdn", "zone"], files.tenant, {}) for row in chunk
        ]
        timeout = (
            connection.dialect.name == "sqlite"
            or connection.exec_driver_sql("show idle_in_transaction_session_timeout").scalar()
        )
    assert [tuple(row) for row in (*first, *rest)] == [tuple(row) for row in again] == [("1", None), ("2", None)]
    assert timeout in (True, "0")
