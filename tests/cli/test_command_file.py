import json
import os
from io import FileIO
from pathlib import Path

import pytest

from cli.problems import Problem
from cli.sending.command_file import commands_in


def read(tmp_path: Path, text: str | bytes) -> list[str]:
    path = tmp_path / "commands"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with FileIO(str(path)) as file:
        return [command.text for command in commands_in(file)]


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("", []),
        (" \n", []),
        ("[]", []),
        ('{"a": 1}', ['{"a": 1}']),
        ('{"a":\n 1}\n{"b": [2]}{}', ['{"a":\n 1}', '{"b": [2]}', "{}"]),
        ('[{"a": 1.0 },\n {}]\n', ['{"a": 1.0 }', "{}"]),
        (b'\xef\xbb\xbf{"a": "\xc3\xa9"}', ['{"a": "é"}']),
        ('{"a": 1, "a": 1e400}', ['{"a": 1, "a": 1e400}']),
    ],
)
def test_objects_are_read_as_they_are_written(text: str | bytes, commands: list[str], tmp_path: Path) -> None:
    assert read(tmp_path, text) == commands


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}\nx", "line 2: no JSON object begins here"),
        ('{}\n{"a":', "line 2: no JSON object begins here"),
        ("1", "line 1: a command is a JSON object"),
        ("[{}\n{}]", "line 2: a comma or the array's end must follow"),
        ("[{}", "line 1: a comma or the array's end must follow"),
        ("[{},]", "line 1: no JSON object begins here"),
        ("[{}]\n{}", "line 2: nothing may follow the array"),
        (b"{}\n\xff", "not UTF-8"),
        ('{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_object_is_told_with_its_line(text: str | bytes, told: str, tmp_path: Path) -> None:
    with pytest.raises(Problem, match=told):
        read(tmp_path, text)


def test_one_without_an_end_is_not_read_for_ever() -> None:
    with FileIO("/dev/zero") as file, pytest.raises(Problem, match="no JSON object"):
        list(commands_in(file))


def test_each_is_told_as_soon_as_it_is_whole() -> None:
    readable, writable = os.pipe()
    with FileIO(readable) as file:
        commands = commands_in(file)
        os.write(writable, b'{"a": 1} {"b"')
        assert json.loads(next(commands).text) == {"a": 1}
        os.write(writable, b": 2}")
        assert json.loads(next(commands).text) == {"b": 2}
        os.close(writable)
        assert list(commands) == []
