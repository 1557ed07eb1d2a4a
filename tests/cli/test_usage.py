import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.program import Program


@pytest.mark.parametrize(
    "arguments",
    [["bogus"], ["submit", "--jsn"], ["up", "--workers", "-1"], ["up", "--redis-port", "0"], ["outcome", "x"],
     ["user", "add", "x"], ["tenant", "add"], ["submit", "--timeout", "soon"]],
)  # fmt: skip
def test_what_cannot_be_understood_ends_with_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_a_usage_error_is_one_line_that_names_the_help() -> None:
    assert Program().run("submit", "--jsn").is_refused("--jsn", "`spcm submit --help`")


def test_every_command_has_help_and_a_data_folder() -> None:
    for words in (["up"], ["submit"], ["follow"], ["outcome"], ["status"], ["migrate"], ["doctor"], ["tenant", "add"],
                  ["user", "password"]):  # fmt: skip
        helped = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
        assert helped.exit_code == 0
        assert "--data" in helped.output


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("SPCM_PARTITIONS", "many", "SPCM_PARTITIONS must be an integer from 1 to 1024"),
        ("SPCM_DATABASE_URL", "mysql://u:hidden@h/x", "SPCM_DATABASE_URL"),
        ("SPCM_DATABASE_URL", "postgresql://u:hidden@127.0.0.1:1/x", "the database cannot be used"),
        ("SPCM_DATABASE_URL", "postgresql://h:hidden/x", "the database URL cannot be read"),
        ("SPCM_DATABASE_URL", "postgresql://u:p@hidden@127.0.0.1/x", "%-escapes in the password"),
        ("SPCM_DATABASE_URL", "postgresql://u:hidden@127.0.0.1/x?foo=bar", 'invalid connection option "foo"'),
        ("SPCM_DATABASE_URL", "sqlite:////nowhere/x?timeout=soon", "no parameters"),
        ("SPCM_DATABASE_URL", "sqlite:////nowhere/x", "there is no database /nowhere/x"),
    ],
)
def test_a_wrong_setting_is_one_line_without_secrets(setting: str, value: str, told: str, tmp_path: Path) -> None:
    ended = Program(**{"SPCM_DATA": str(tmp_path), setting: value}).call("tenant", "list")
    assert ended.is_refused(told)
    assert "hidden" not in ended.err


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "start one with `spcm up`"),
        ("redis://127.0.0.1:1/0", "Redis cannot be used"),
        ("redis://127.0.0.1:port/0", "SPCM_REDIS_URL must be a redis://"),
        ("redis://127.0.0.1:1/0?foo=1", "no parameters but db and those of TLS"),
        ("redis://127.0.0.1:1/0?decode_responses=True", "no parameters but db and those of TLS"),
        ("redis://127.0.0.1:1/0?ssl_cert_reqs=none", "no parameters but db and those of TLS"),
        ("rediss://127.0.0.1:1/0?ssl_cert_reqs=never", "no parameters but db and those of TLS"),
        ("http://127.0.0.1/", "SPCM_REDIS_URL must be a redis://"),
    ],
)
def test_a_redis_that_is_not_there_is_one_line(url: str, told: str, tmp_path: Path) -> None:
    assert Program(SPCM_DATA=str(tmp_path), SPCM_REDIS_URL=url).call("follow").is_refused(told)


def test_it_starts_without_what_only_some_commands_need() -> None:
    code = "import sys, cli.main; print([m for m in ('sqlalchemy', 'redis', 'celery', 'pydantic') if m in sys.modules])"
    program = Program()
    told = subprocess.run([sys.executable, "-c", code], env=program.environment, capture_output=True, text=True)
    assert told.stdout == "[]\n", os.linesep + told.stderr
