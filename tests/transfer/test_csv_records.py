import io
import itertools
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.transfer.csv_records import LONGEST, NotCsv, Record, read_records, written_record


def read(raw: bytes) -> list[Record]:
    return list(read_records(io.BytesIO(raw)))


def test_fields_are_split_and_null_is_not_an_empty_string() -> None:
    assert [each.fields for each in read(b'a,b,c\n1,,""\n"x,y","say ""hi""",true\n')] == [
        ["a", "b", "c"],
        ["1", None, ""],
        ["x,y", 'say "hi"', "true"],
    ]


def test_line_ends_may_be_mixed_and_the_last_may_lack() -> None:
    records = read(b'a,b\r\n1,2\n"3\r\n4","5\n"\r\n6,7')
    assert [(each.line, each.fields) for each in records] == [
        (1, ["a", "b"]),
        (2, ["1", "2"]),
        (3, ["3\r\n4", "5\n"]),
        (6, ["6", "7"]),
    ]


def test_records_keep_their_bytes() -> None:
    raw = b'\xef\xbb\xbfa,b\r\n"1\n2",x\n,\n""'
    records = read(raw)
    assert b"".join(each.raw for each in records) == raw
    assert records[0].fields == ["a", "b"]


def test_a_file_without_a_byte_has_no_records() -> None:
    assert read(b"") == []
    assert read(b"\n\r\n") == []


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (b"a\nb\0c\n", 2, "NUL"),
        (b'a\n"b\nc\0"\n', 3, "NUL"),
        ("a\nb\n".encode("utf-16"), 1, "NUL"),
        (b"a\nb\n\xff\n", 3, "UTF-8"),
        (b'a\n"b\n\n\xe4"\n', 4, "UTF-8"),
        ("a\nstra\xdfe\n".encode("latin-1"), 2, "UTF-8"),
        (b"a\n\xed\xa0\x80\n", 2, "UTF-8"),
        (b'a\n"b', 2, "not closed"),
        (b'a\nb\n"c\nd\ne\n', 3, "not closed"),
        (b'a,b\n"1\n2","3\n4\n', 3, "not closed"),
        (b'a\n"b""\nc\n', 2, "not closed"),
        (b'a\nb"c\nd\n', 2, "does not begin with one"),
        (b'a\nb"c"\nd\n', 2, "does not begin with one"),
        (b'a\n"b"c\nd\n', 2, "after a closing quote"),
        (b'a\n"b" \nd\n', 2, "after a closing quote"),
        (b"a\rb\n", 1, "carriage return"),
        (b"a\nb\r\r\n", 2, "carriage return"),
        (b"a\n" + b"x" * (LONGEST + 1), 2, "longer than"),
        (b'a\n"' + b"x\n" * LONGEST, 2, "not closed"),
        (('a\n"x' + "é" * LONGEST).encode(), 2, "not closed"),
        (b'a\n"' + b"x\n" * (LONGEST // 2) + b'"\n', 2, "not closed"),
    ],
)
def test_what_is_no_csv_is_refused_with_its_line(raw: bytes, line: int, words: str) -> None:
    with pytest.raises(NotCsv, match=words) as refused:
        read(raw)
    assert refused.value.line == line


def test_a_million_columns_are_read_and_counted() -> None:
    assert [len(each.fields) for each in read(b"a" + b"," * 999_999 + b"\n")] == [1_000_000]


def test_a_file_of_any_size_is_read_in_constant_memory() -> None:
    class Endless(io.RawIOBase):
        def readline(self, size: int | None = -1, /) -> bytes:
            return next(lines)

    lines = itertools.chain(itertools.repeat(b'0871234567,"a,b",true\n', 50_000), [b""])
    tracemalloc.start()
    endless: Any = Endless()
    assert sum(1 for _ in read_records(endless)) == 50_000
    assert tracemalloc.get_traced_memory()[1] < 500_000
    tracemalloc.stop()


CELLS = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5))


@settings(deadline=None, derandomize=True)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=5))
def test_what_is_written_is_read_again(rows: list[list[str | None]]) -> None:
    text = "".join(written_record(row) for row in rows).encode()
    if not text.startswith(b"\xef\xbb\xbf"):
        assert [each.fields for each in read(text)] == [row for row in rows if row != [None]]  # an empty line


def test_booleans_and_numbers_are_written_as_they_are_read() -> None:
    assert written_record([True, False, 7, None, "", 'a"b', "c\n"]) == 'true,false,7,,"","a""b","c\n"\n'
