"""The files that an import leaves beside the imported one."""

import os

import pytest

from tests.transfer.files import ServedFiles, remainder_of, report_of


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_they_are_as_private_as_what_was_imported(sqlite_files: ServedFiles, mode: int) -> None:
    path = sqlite_files.write("s.csv", "msisdn\nx\n")
    path.chmod(mode)
    sqlite_files.import_file(path, status=1)
    for each in remainder_of(path), path.with_name(f"{path.name}.report.csv"):
        assert each.stat().st_mode & 0o777 == mode


def test_a_name_that_is_no_text_is_told_as_far_as_it_can_be(sqlite_files: ServedFiles) -> None:
    path = sqlite_files.write(os.fsdecode(b"caf\xe9.csv"), "msisdn\nx\n")
    told = sqlite_files.import_file(path, status=1)
    assert "caf?.csv.report.csv" in told
    assert len(report_of(path)) == 1
