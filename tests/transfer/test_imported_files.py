"""The file that is imported: which are refused, and what is read of one that changes."""

import os
from pathlib import Path

import pytest

from cli.problems import Problem
from cli.transfer.source import open_source
from domain.catalog import OPERATIONS
from tests.transfer.files import HEADER, ServedFiles, report_of

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


def test_a_file_that_is_none_is_told(sqlite_files: ServedFiles) -> None:
    assert "is no file" in sqlite_files.import_file(sqlite_files.folder, status=2)
    assert "is no file" in sqlite_files.import_file(Path("no-such-file.csv"), status=2)
    os.mkfifo(sqlite_files.folder / "pipe")
    assert "is no file" in sqlite_files.import_file(sqlite_files.folder / "pipe", status=2)
