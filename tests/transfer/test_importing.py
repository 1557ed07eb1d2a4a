"""`spcm import`, through Redis and workers."""

import csv
import os
import re
import resource
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.problems import Problem
from cli.transfer.failures import Failures
from cli.transfer.report import Report
from cli.transfer.source import open_source
from domain.catalog import OPERATIONS
from examples.migration.make_subscribers import WRONG, write
from spcm_client import BulkItem, ItemResult
from tests.transfer.files import ServedFiles, failed_as_expected, remainder_of, report_of

HEADER = "msisdn,imsi,dpsEnabled,zone\n"


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
    assert "told again, since this import was begun before: " in files.import_file(path, status=1)
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


REFUSED = {
    "a ragged line": (HEADER + "1,,,\n2,,\n", "line 3: it has 3 fields, and the header has 4"),
    "empty lines alone": ("\n\r\n", "line 1: there is no header"),
    "a quote left open": (HEADER + '1,,,\n2,"7,,\n3,,,\n', "line 3: a quote is opened and not closed"),
    "a NUL": (HEADER + "1,,,\n2,\0,,\n", "line 3: there is a NUL"),
    "another encoding": ((HEADER + "1,,,süd\n").encode("latin-1"), "line 2: it is not UTF-8"),
    "UTF-16": ((HEADER + "1,,,\n").encode("utf-16"), "line 1: "),
    "an unknown column": ("msisdn,colour\n1,red\n", "line 1: subscriber.create has no column 'colour'"),
    "a missing column": ("imsi\n1\n", "line 1: subscriber.create needs the column msisdn"),
    "a million columns": ("msisdn" + ",x" * 999_999 + "\n", "line 1: subscriber.create has no column 'x'"),
    "a JSON array": ('\n [{"msisdn":"1"}]', "is a JSON array: write its objects"),
    "nothing": ("", "is empty"),
    "no JSON": ('{"msisdn":"1"}\n{"msisdn":}\n', "line 2: it is not JSON"),
    "duplicate members": ('{"msisdn":"1","msisdn":"2"}\n', "line 1: it is not JSON"),
    "no object": ('{"msisdn":"1"}\n[]\n', "line 2: it is no JSON object"),
    "a bulk as an item": ('{"operation":"bulk.execute"}\n', "line 1: operation must be"),
    "NUL in an item's id": (
        '{"operation":"subscriber.get","id":"\\u0000"}\n',
        "line 1: id must be a string of 1 to 128",
    ),
    "an item's typo": ('{"operation":"subscriber.get","parms":{}}\n', "line 1: an item has the members"),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_file_is_told_with_its_line(tmp_path: Path, content: str | bytes, words: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(Problem, match=words):
        open_source(path, OPERATIONS["subscriber.create"]).check()


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("s.csv", "\n" + HEADER + "1,,,\n\n2,,,\r\n\r\n\n", "5"),
        ("s.csv", "\nmsisdn\n1\n\n2\n\n", "5"),
        ("s.jsonl", '\n{"msisdn":"1"}\n\n{"msisdn":"2"}\r\n\r\n', "4"),
    ],
    ids=["csv", "one column", "jsonl"],
)
def test_empty_lines_are_passed_over(sqlite_files: ServedFiles, name: str, content: str, line: str) -> None:
    path = sqlite_files.write(name, content)
    sqlite_files.sender.ask("subscriber.create", {"msisdn": "2"}, params={"msisdn": "2"})
    sqlite_files.import_file(path, status=1)
    assert [(row["line"], row["status"]) for row in report_of(path)] == [(line, "409")]
    assert sqlite_files.count() == 2


@pytest.mark.parametrize(("name", "content"), [("s.csv", HEADER), ("s.jsonl", ""), ("s.jsonl", "\n\n")])
def test_what_is_exported_of_nothing_is_a_file_of_no_lines(sqlite_files: ServedFiles, name: str, content: str) -> None:
    path = sqlite_files.write(name, content)
    sqlite_files.import_file(path, status=0)
    assert report_of(path) == []


def test_a_bad_file_is_told_before_anything_is_sent(sqlite_files: ServedFiles) -> None:
    path = sqlite_files.write("bad.csv", HEADER + "1,,,\n2,,\n")
    told = sqlite_files.import_file(path, status=2)
    assert "bad.csv, line 3: it has 3 fields, and the header has 4; nothing was sent" in " ".join(told.split())
    assert sqlite_files.count() == 0
    assert [each.name for each in sqlite_files.folder.iterdir()] == ["bad.csv"]


def test_a_report_that_cannot_be_written_is_told_before_anything_is_sent(sqlite_files: ServedFiles) -> None:
    path = sqlite_files.write("s.csv", HEADER + "1,,,\n")
    for name in ("s.csv.report.csv", "s.csv.remainder.csv"):
        folder = sqlite_files.folder / name
        folder.mkdir()
        assert f"{name} cannot be written" in sqlite_files.import_file(path, status=2)
        folder.rmdir()
    assert sqlite_files.count() == 0


def test_two_imports_of_a_file_at_once_are_one_too_many(sqlite_files: ServedFiles) -> None:
    path = sqlite_files.write("s.csv", HEADER + "1,,,\n")
    source = open_source(path, OPERATIONS["subscriber.create"])
    with Report(path, source):
        assert "this file is being imported" in " ".join(sqlite_files.import_file(path, status=2).split())
    source.close()
    assert sqlite_files.import_file(path)
    assert sorted(each.name for each in sqlite_files.folder.iterdir()) == ["s.csv", "s.csv.report.csv"]


def test_a_report_that_cannot_be_written_in_the_end_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(HEADER + "1,,,\n")
    source = open_source(path, OPERATIONS["subscriber.create"])
    with Report(path, source) as report:
        report.path.mkdir()
        with pytest.raises(Problem, match=r"cannot be written .*: all lines were sent; run the same import again"):
            report.write()
    source.close()


def test_without_room_the_files_of_an_earlier_import_stay_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text('{"msisdn":"1"}\n' * 3000)
    source = open_source(path, OPERATIONS["subscriber.create"])
    source.check()
    report, remainder = tmp_path / "s.jsonl.report.csv", tmp_path / "s.jsonl.remainder.jsonl"
    for earlier in (report, remainder):
        earlier.write_text("of an earlier one")

    def write() -> None:
        with Report(path, source) as new:
            for result in conflicts(3000):
                new.add(result)
            new.write()

    with no_file_larger_than(1000), pytest.raises(Problem, match="run the same import again"):
        write()
    source.close()
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([path.name, report.name, remainder.name])
    assert report.read_text() == remainder.read_text() == "of an earlier one"


def test_without_room_for_temporary_files_it_is_told() -> None:
    failures = Failures()
    with no_file_larger_than(1000), pytest.raises(Problem, match="TMPDIR"):
        deque(map(failures.add, conflicts(100_000)))
    failures.close()


def conflicts(count: int) -> Iterator[ItemResult]:
    """Of so many lines."""
    for number in range(1, count + 1):
        item = BulkItem("subscriber.create", note=number)
        yield ItemResult(number, str(number), 409, "subscriber-exists", None, False, False, item)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """In bytes; what is told of a larger one is what a full disk would be told as, but for the words."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_an_import_that_ends_takes_nothing_from_one_that_has_begun_since(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(HEADER + "1,,,\n")
    source = open_source(path, OPERATIONS["subscriber.create"])
    with Report(path, source) as first:
        first.write()
        with Report(path, source) as second:
            first.__exit__(None, None, None)
            second.write()
    assert report_of(path) == []
    assert sorted(each.name for each in tmp_path.iterdir()) == ["s.csv", "s.csv.report.csv"]
    source.close()


CONTENTS = [HEADER + "1,,,\n2,,,\n", '{"msisdn":"1"}\n{"msisdn":"2"}\n']


@pytest.mark.parametrize("content", CONTENTS, ids=["csv", "jsonl"])
def test_a_file_that_is_saved_anew_while_it_is_imported_is_read_as_it_was(tmp_path: Path, content: str) -> None:
    path, saved, written = (tmp_path / name for name in ("s", "s.new", "lines"))
    path.write_text(content)
    source = open_source(path, OPERATIONS["subscriber.create"])
    assert source.check().items == 2
    saved.write_text(content.replace("2", "3") * 2)
    saved.replace(path)
    second = [item.note for item in source.items()][-1]
    with written.open("wb") as file:
        source.write_lines([second], file)
    assert written.read_text().splitlines()[-1] == content.splitlines()[-1]
    source.close()


@pytest.mark.parametrize("content", CONTENTS, ids=["csv", "jsonl"])
def test_a_file_that_is_changed_in_its_place_while_it_is_imported_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "s"
    path.write_text(content)
    source = open_source(path, OPERATIONS["subscriber.create"])
    source.check()
    items = source.items()
    next(items)
    path.write_text(content + "another line that is none\n")
    for read in (lambda: list(items), source.check):
        with pytest.raises(Problem, match="was changed while it was imported"):
            read()
    source.close()


def test_where_nothing_succeeded_it_is_told_how_to_import_the_same_again(sqlite_files: ServedFiles) -> None:
    path = sqlite_files.write("s.csv", HEADER + "1,no imsi,,\n")
    assert "give --run another label" in " ".join(sqlite_files.import_file(path, status=1).split())
    assert remainder_of(path).read_bytes() == path.read_bytes()


def test_what_a_killed_import_has_left_is_not_in_the_report(sqlite_files: ServedFiles) -> None:
    path = sqlite_files.write("s.csv", HEADER + "1,,,\n")
    left = sqlite_files.write(".s.csv.report.csv.part", "what it had written until then\n")
    sqlite_files.import_file(path)
    assert report_of(path) == []
    assert not left.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told_before_anything_is_sent(sqlite_files: ServedFiles) -> None:
    path = sqlite_files.write("s.csv", HEADER + "1,,,\n")
    sqlite_files.folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert "cannot be written" in sqlite_files.import_file(path, status=2)
    sqlite_files.folder.chmod(stat.S_IRWXU)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--user", "oms", "--password-env", "NONE"), "the variable NONE has no password"),
        (("--user", "oms", "--password-env", "WRONG"), "tenant, user or password are wrong"),
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


def test_an_import_under_a_wrong_password_says_whose_report_lies_there(
    sqlite_files: ServedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "wrong")
    path = sqlite_files.write("s.csv", HEADER + "1,,,\n")
    earlier = sqlite_files.write("s.csv.report.csv", "line\n")
    done = sqlite_files.run("import", str(path), "--user", "oms", "--password-env", "WRONG")
    assert done.stderr.endswith(f"was not executed; {earlier} is that of an earlier run\n"), done


def test_a_file_that_is_none_is_told(sqlite_files: ServedFiles) -> None:
    assert "is no file" in sqlite_files.import_file(sqlite_files.folder, status=2)
    assert "is no file" in sqlite_files.import_file(Path("no-such-file.csv"), status=2)
    os.mkfifo(sqlite_files.folder / "pipe")
    assert "is no file" in sqlite_files.import_file(sqlite_files.folder / "pipe", status=2)
