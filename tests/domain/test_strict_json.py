import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.strict_json import DEEPEST, NotJson, Number, parse, read_closely, read_plain
from tests.contract.malformed import MALFORMED

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
PLAIN = st.none() | st.booleans() | WHOLE | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)

JSON_BUT_NO_OBJECT = {"null", "an array", "a number", "a string", "true"}


@settings(max_examples=150, derandomize=True, deadline=None)
@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_what_json_can_say_is_read_as_it_was_written(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert json.dumps(_rounded(parse(text.encode()))) == json.dumps(value)


def _rounded(value: Any) -> Any:
    """As everybody reads numbers who does not mind that they are rounded."""
    if isinstance(value, Number):
        return float(value.text)
    if isinstance(value, list):
        return [_rounded(inner) for inner in value]
    return {name: _rounded(inner) for name, inner in value.items()} if isinstance(value, dict) else value


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.binary(max_size=40) | st.text('{}[]":,0123456789eE+-.\\ud8fanltrs \n', max_size=30).map(str.encode))
def test_whatever_comes_is_a_value_or_not_json(raw: bytes) -> None:
    try:
        value = parse(raw)
    except NotJson:
        return
    assert "Number" in repr(value) or json.loads(raw) == value


@pytest.mark.parametrize("name", sorted(set(MALFORMED) - JSON_BUT_NO_OBJECT))
def test_what_is_no_json_is_refused(name: str) -> None:
    with pytest.raises(NotJson):
        parse(MALFORMED[name])


@pytest.mark.parametrize("name", sorted(JSON_BUT_NO_OBJECT))
def test_values_other_than_objects_are_json(name: str) -> None:
    assert parse(MALFORMED[name]) == json.loads(MALFORMED[name])


@pytest.mark.parametrize("text", ["1e400", "-1e999", "9" * 19, "-" + "9" * 5000])
def test_a_number_that_python_would_round_stays_as_it_was_written(text: str) -> None:
    assert parse(text.encode()) == Number(text)
    assert parse(f'{{"a":[{text}]}}'.encode()) == {"a": [Number(text)]}


@pytest.mark.parametrize("text", ["0", "-0", "9007199254740993", "-99999999999999999"])
def test_integers_are_integers_and_exact(text: str) -> None:
    value = parse(text.encode())
    assert type(value) is int
    assert value == int(text)


@pytest.mark.parametrize("text", ["1.0", "1e2", "-0.0", "5E-1", "0.1234567890123456789"])
def test_a_number_with_a_point_or_an_exponent_is_no_integer(text: str) -> None:
    assert parse(text.encode()) == Number(text)


@pytest.mark.parametrize(
    ("canonical", "others"),
    [
        ("0", ["-0.0", "0e9", "0.00", "0e-0", "0e" + "9" * 5000]),
        ("100", ["1e2", "100.0", "1000e-1", "1E+2", "1e+" + "0" * 5000 + "2", "1000e-" + "0" * 20 + "1", "100e-00"]),
        ("-15", ["-1.5e1", "-15.0"]),
        ("15e-1", ["1.5", "1.50", "0.15e1"]),
        ("100000000000000000", ["1e17", "10e16"]),
        ("1e18", ["1000000000000000000", "0.1e19"]),
        ("1e400", ["1" + "0" * 400, "10e399"]),
        ("1e" + "9" * 5000, ["1e" + "9" * 5000]),
    ],
)
def test_equal_numbers_have_one_canonical_form(canonical: str, others: list[str]) -> None:
    assert {Number(text).canonical for text in others} == {canonical}


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"a":', "}"), ('[1,{"b":', "}]")])
def test_depth_is_counted_in_objects_and_arrays(before: str, after: str) -> None:
    levels = before.count("[") + before.count("{")
    deepest = DEEPEST // levels
    parse(f"{before * deepest}1{after * deepest}".encode())
    with pytest.raises(NotJson):
        parse(f"{before * deepest}[1]{after * deepest}".encode())
    with pytest.raises(NotJson):
        parse(f'{{"x":"{{[","y":{before * deepest}1{after * deepest}}}'.encode())


def test_brackets_in_a_string_are_no_depth() -> None:
    for text in ("[" * 100, '"' + "[" * 100, "\\" + "[" * 100, '\\"' + "[" * 100, "é\n" + "{" * 100):
        assert parse(json.dumps([text, [text]]).encode()) == [text, [text]]
    assert parse(json.dumps([[] for _ in range(100)]).encode()) == [[] for _ in range(100)]


@pytest.mark.parametrize("text", ['"\\ud83d\\ude00"', '"\\uD83D\\uDE00"', '"\\\\ud800"', '"\\\\\\\\uDC00"'])
def test_surrogates_in_pairs_and_escaped_backslashes_are_fine(text: str) -> None:
    assert parse(text.encode()) == json.loads(text)


COMMAND = b'{"id":"a","params":{"msisdn":"1"},"payload":{"n":1,"yes":true,"no":null,"list":["x",{"y":"z"}]}}'


def test_plain_objects_are_read_at_once_and_the_same() -> None:
    assert read_plain(COMMAND) == read_closely(COMMAND)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":"1","a":"1"}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a" :"1","a":"2"}',
        b'{"a":[{"b":"","b":""}]}',
        b'{"a":1e400}',
        b'{"a":1.0}',
        b'{"a":12345678901234567890}',
        b'{"a":"\\n"}',
        b'{"a":NaN}',
        b"[1]",
        b"null",
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":' * 33 + b"1" + b"}" * 33,
    ],
)
def test_what_is_not_plain_is_left_to_who_reads_closely(raw: bytes) -> None:
    assert read_plain(raw) is None


_pieces = st.sampled_from(
    ["{", "}", "[", "]", '"a"', '"b"', ":", ",", " ", "1", "-0", "2.5", "true", "null", '"\\""', '":"']
)


@settings(max_examples=2000, derandomize=True, deadline=None)
@given(st.lists(_pieces, max_size=24).map("".join))
def test_both_ways_of_reading_agree(text: str) -> None:
    at_once = read_plain(text.encode())
    if at_once is not None:
        assert at_once == read_closely(text.encode())
