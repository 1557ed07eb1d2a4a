"""The files that an import leaves beside the imported one."""

import os
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
from spcm_client import BulkItem, ItemResult
from tests.transfer.files import HEADER, ServedFiles, remainder_of, report_of


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


def test_an_import_under_a_wrong_password_says_whose_report_lies_there(
    sqlite_files: ServedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG", "wrong")
    path = sqlite_files.write("s.csv", HEADER + "1,,,\n")
    earlier = sqlite_files.write("s.csv.report.csv", "line\n")
    done = sqlite_files.run("import", str(path), "--user", "oms", "--password-env", "WRONG")
    assert done.stderr.endswith(f"were not executed; {earlier} is that of an earlier run\n"), done


@pytest.mark.parametrize(("mode", "expected"), [(0o600, 0o600), (0o640, 0o640), (0o444, 0o644)])
def test_they_are_as_private_as_what_was_imported(sqlite_files: ServedFiles, mode: int, expected: int) -> None:
    """But their owner may write: an import that was killed begins them anew."""
    path = sqlite_files.write("s.csv", "msisdn\nx\n")
    path.chmod(mode)
    sqlite_files.import_file(path, status=1)
    for each in remainder_of(path), path.with_name(f"{path.name}.report.csv"):
        assert each.stat().st_mode & 0o777 == expected


def test_a_name_that_is_no_text_is_told_as_far_as_it_can_be(sqlite_files: ServedFiles) -> None:
    path = sqlite_files.write(os.fsdecode(b"caf\xe9.csv"), "msisdn\nx\n")
    told = sqlite_files.import_file(path, status=1)
    assert "caf?.csv.report.csv" in told
    assert len(report_of(path)) == 1
