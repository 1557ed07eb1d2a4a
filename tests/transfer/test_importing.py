"""`spcm import`, through Redis and workers."""

import csv
import re

import pytest

from examples.migration.make_subscribers import WRONG, write
from tests.transfer.files import HEADER, ServedFiles, failed_as_expected, remainder_of, report_of


def test_a_file_is_imported_and_its_failures_told_by_line(files: ServedFiles) -> None:
    rows = '1,7,true,"a,\n""b"""\n1,,,\n3,,yes,""\n4,8,false,\n'
    path = files.write("s.csv", HEADER + rows)
    told = files.import_file(path, status=1)
    for status, reason, lines in (("201", "", 2), ("409", "subscriber-exists", 1), ("412", "validation-failed", 1)):
        assert re.search(rf"\b{status}\W+{reason}\W+{lines}\b", told), told
    assert [tuple(each.values()) for each in report_of(path)] == [
        ("4", "4", "409", "subscriber-exists", "", "a subscriber with this msisdn exists"),
        ("5", "5", "412", "validation-failed", "dpsEnabled", "dpsEnabled must be true or false"),
        ("5", "5", "412", "validation-failed", "zone", "zone must be a string of 1 to 255 characters"),
    ]
    assert files.count() == 2
    assert files.sender.ask("subscriber.get", params={"msisdn": "1"})["data"]["zone"] == 'a,\n"b"'


def test_the_remainder_holds_the_lines_as_they_were(files: ServedFiles) -> None:
    lines = [b"\xef\xbb\xbfmsisdn,zone\r\n", b"1,a\n", b'x,"b\r\nb"\r\n', b"2,c\r\n", b'"y",d']
    path = files.write("s.csv", b"".join(lines))
    files.import_file(path, status=1)
    assert remainder_of(path).read_bytes() == lines[0] + lines[2] + lines[4]
    assert [(each["line"], each["status"], each["reason"]) for each in report_of(path)] == [
        ("3", "400", "malformed-command"),
        ("6", "400", "malformed-command"),
    ]


def test_what_is_corrected_in_the_remainder_ends_with_no_failure(files: ServedFiles) -> None:
    path = files.folder / "subscribers.csv"
    write(path, 10_000, files.folder / "wrong.csv")
    files.import_file(path, status=1)
    assert len(report_of(path)) == len(WRONG)
    assert failed_as_expected(path, files.folder / "wrong.csv")
    assert files.count() == 10_000 - len(WRONG)
    corrected = files.folder / "corrected.csv"
    with remainder_of(path).open(newline="") as file, corrected.open("w", newline="") as to:
        rows = list(csv.DictReader(file))
        writer = csv.DictWriter(to, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows({**dict.fromkeys(row, ""), "msisdn": f"09{number}"} for number, row in enumerate(rows))
    files.import_file(corrected)
    assert files.count() == 10_000
    assert report_of(corrected) == []
    assert not remainder_of(corrected).exists()


def test_the_same_import_again_does_nothing_twice_and_another_label_does_it_anew(files: ServedFiles) -> None:
    path = files.write("s.csv", HEADER + "1,,,\n1,,,\n")
    files.import_file(path, status=1)
    first = path.with_name("s.csv.report.csv").read_bytes()
    assert "decided before, by an earlier run or before a connection was lost: " in files.import_file(path, status=1)
    assert path.with_name("s.csv.report.csv").read_bytes() == first
    files.import_file(path, "--run", "again", status=1)
    assert [each["reason"] for each in report_of(path)] == ["subscriber-exists"] * 2


def test_a_dry_run_changes_nothing(files: ServedFiles) -> None:
    path = files.write("s.csv", HEADER + "1,7,,\nx,,,\n")
    assert "nothing was changed" in files.import_file(path, "--dry-run", status=1)
    assert [each["line"] for each in report_of(path)] == ["3"]
    assert files.count() == 0
    files.import_file(path, status=1)
    assert files.count() == 1


def test_an_atomic_import_undoes_the_bulk_of_a_failure(sqlite_files: ServedFiles) -> None:
    path = sqlite_files.write("p.csv", "name,defaultProfile\na,false\na,false\nb,true\n")
    sqlite_files.import_file(path, "--operation", "provisionProfile.create", "--mode", "atomic", status=1)
    assert [(each["line"], each["status"], each["reason"], each["description"]) for each in report_of(path)] == [
        ("2", "", "", "It was not executed"),
        ("3", "409", "provision-profile-exists", "a provisioning profile of this name exists"),
        ("4", "", "", "It was not executed"),
    ]
    assert remainder_of(path).read_bytes() == path.read_bytes()
    assert sqlite_files.sender.ask("provisionProfile.list")["data"]["length"] == 0


def test_json_lines_hold_payloads_or_whole_items(sqlite_files: ServedFiles) -> None:
    lines = [
        '{"msisdn":"1","zone":"a"}',
        '{"operation":"subscriber.update","params":{"msisdn":"1"},"payload":{"zone":"b"},"id":"change"}',
        '{"id":"no","operation":"subscriber.delete","params":{"msisdn":"9"}}',
        '{"msisdn":"2","nonsense":1}',
        '{"operation":"no.such"}',
    ]
    path = sqlite_files.write("s.jsonl", "\n".join(lines))
    sqlite_files.import_file(path, status=1)
    assert [(each["line"], each["id"], each["reason"]) for each in report_of(path)] == [
        ("3", "no", "subscriber-not-found"),
        ("4", "4", "validation-failed"),
        ("5", "5", "unknown-operation"),
    ]
    assert remainder_of(path, ".jsonl").read_text() == "\n".join(lines[2:])
    assert sqlite_files.sender.ask("subscriber.get", params={"msisdn": "1"})["data"]["zone"] == "b"


@pytest.mark.parametrize("number", ["1.5", "1e400", "-1e400", "1234567890123456789", "9" * 30])
def test_a_number_that_no_field_takes_fails_its_line_alone(sqlite_files: ServedFiles, number: str) -> None:
    lines = ['{"msisdn":"1"}', f'{{"msisdn":"2","zone":{number}}}', f'{{"msisdn":"3","renewalDayOfMonth":{number}}}']
    path = sqlite_files.write("s.jsonl", "\n".join(lines))
    sqlite_files.import_file(path, status=1)
    assert [(each["line"], each["status"], each["reason"]) for each in report_of(path)] == [
        ("2", "412", "validation-failed"),
        ("3", "412", "validation-failed"),
    ]
    assert remainder_of(path, ".jsonl").read_text() == "\n".join(lines[1:])
    assert sqlite_files.count() == 1


def test_updates_unset_what_is_null(sqlite_files: ServedFiles) -> None:
    sqlite_files.import_file(sqlite_files.write("s.csv", "msisdn,zone,tag\n1,a,t\n"))
    sqlite_files.import_file(sqlite_files.write("u.csv", "msisdn,zone\n1,\n"), "--operation", "subscriber.update")
    data = sqlite_files.sender.ask("subscriber.get", params={"msisdn": "1"})["data"]
    assert (data["zone"], data["tag"]) == (None, "t")


def test_where_nothing_succeeded_it_is_told_how_to_import_the_same_again(sqlite_files: ServedFiles) -> None:
    path = sqlite_files.write("s.csv", HEADER + "1,no imsi,,\n")
    assert "give --run another label" in " ".join(sqlite_files.import_file(path, status=1).split())
    assert remainder_of(path).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--user", "oms", "--password-env", "NONE"), "the variable NONE has no password"),
        (("--user", "oms", "--password-env", "WRONG"), "tenant, user or password is wrong"),
        (("--user", "oms", "--password-env", "PASSWORD", "--operation", "x.y"), "there is no operation x.y"),
        (("--user", "oms", "--password-env", "PASSWORD", "--operation", "bulk.execute"), "there is no operation bulk"),
        (("--user", "oms", "--password-env", "PASSWORD", "--mode", "all"), "mode"),
    ],
)
def test_what_cannot_run_ends_with_status_2(
    sqlite_files: ServedFiles, words: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "wrong")
    path = sqlite_files.write("s.csv", HEADER + "1,,,\n")
    done = sqlite_files.run("import", str(path), *words)
    assert (done.returncode, told in done.stderr) == (2, True), done
    assert sqlite_files.count() == 0
