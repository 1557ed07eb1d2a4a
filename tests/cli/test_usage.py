import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import text
from typer.main import get_command
from typer.testing import CliRunner

from adapters.database import make_engine
from adapters.failures import Contended
from cli.main import app
from cli.problems import in_one_line
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


def commands(group: Any, *words: str) -> Iterator[tuple[str, ...]]:
    """The words of every command, of the groups' too."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *words, name)
        else:
            yield *words, name


@pytest.mark.parametrize("words", list(commands(get_command(app))), ids=" ".join)
def test_every_command_has_help_and_all_but_the_demo_a_data_folder(words: tuple[str, ...]) -> None:
    helped = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
    assert helped.exit_code == 0
    assert ("--data" in helped.output) is (words != ("demo",))


@pytest.mark.parametrize("words", [each for each in commands(get_command(app)) if each != ("demo",)], ids=" ".join)
def test_an_empty_data_folder_is_not_the_current_one(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = "--data is empty: name a folder, or leave it out"
    assert Program().call(*words, "--data", "").is_refused(told)


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("SPCM_PARTITIONS", "many", "SPCM_PARTITIONS must be an integer from 1 to 1024"),
        ("SPCM_REDIS_URL", "redis://u:a?hidden=b@127.0.0.1:1/0", "with %-escapes in the password"),
        ("SPCM_DATABASE_URL", "mysql://u:hidden@h/x", "SPCM_DATABASE_URL"),
        ("SPCM_DATABASE_URL", "postgresql://u:hidden@127.0.0.1:1/x", "the database cannot be used"),
        ("SPCM_DATABASE_URL", "postgresql://h:hidden/x", "the database URL cannot be read"),
        ("SPCM_DATABASE_URL", "postgresql://u:p@hidden@127.0.0.1/x", "%40"),
        ("SPCM_DATABASE_URL", "postgresql://u:hidden@127.0.0.1/x?foo=bar", 'invalid connection option "foo"'),
        ("SPCM_DATABASE_URL", "postgresql://u:hidden@h/x?options=-csearch_path%3Dy", "search_path chooses a schema"),
        ("SPCM_DATABASE_URL", "postgresql://u:hidden@h/x?connect_timeout=9", "must leave out connect_timeout"),
        ("SPCM_DATABASE_URL", "sqlite:////nowhere/x?timeout=soon", "no parameters"),
        (
            "SPCM_DATABASE_URL",
            "sqlite:////nowhere/x",
            "or correct SPCM_DATABASE_URL",
        ),
        ("SPCM_DATABASE_URL", "sqlite:///:memory:", "sqlite:// with a file"),
        ("SPCM_OUTCOME_RETENTION", "7", "SPCM_OUTCOME_RETENTION must be a number with s, m, h or d"),
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
        ("redis://127.0.0.1:1/0?foo=1", "redis:// takes db, but not foo"),
        ("redis://127.0.0.1:1/0?decode_responses=True", "redis:// takes db, but not decode_responses"),
        ("redis://127.0.0.1:1/0?ssl_cert_reqs=none", "redis:// takes db, but not ssl_cert_reqs"),
        ("rediss://127.0.0.1:1/0?ssl_ca_cert=/x", "ssl_ca_certs, "),
        ("rediss://127.0.0.1:1/0?ssl_ca_cert=/x", "but not ssl_ca_cert"),
        ("rediss://127.0.0.1:1/0?ssl_cert_reqs=never", "no parameters but db and those of TLS"),
        ("rediss://127.0.0.1:1/0?ssl_ca_certs=/no.pem", "ssl_ca_certs of the Redis URL: there is no file /no.pem"),
        ("redis://u:p@ss#hidden@127.0.0.1:1/0", "with %-escapes in the password"),
        ("redis://127.0.0.1:1/x", "SPCM_REDIS_URL must be a redis://"),
        ("http://127.0.0.1/", "SPCM_REDIS_URL must be a redis://"),
    ],
)
def test_a_redis_that_is_not_there_is_one_line(url: str, told: str, tmp_path: Path) -> None:
    assert Program(SPCM_DATA=str(tmp_path), SPCM_REDIS_URL=url).call("follow").is_refused(told)


@pytest.mark.parametrize("content", [b"", b"junk", b"redis://h:port", b"\xff"])
def test_a_file_of_the_running_redis_that_holds_no_url_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "redis-url").write_bytes(content)
    assert Program(SPCM_DATA=str(tmp_path)).call("status").is_refused("redis-url")


def test_a_data_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "redis-url").mkdir()  # nothing is forbidden to root
    assert Program(SPCM_DATA=str(tmp_path)).call("status").is_refused("redis-url cannot be read")


def test_a_redis_that_refuses_the_password_is_running(redis_url: str) -> None:
    wrong = redis_url.replace("//:", "//:no")
    ended = Program(SPCM_REDIS_URL=wrong).call("status")
    assert ended.is_refused("Redis refused", "its password")
    assert "spcm up" not in ended.err


def test_a_statement_that_took_too_long_is_told(postgres_url: str) -> None:
    engine = make_engine(postgres_url, statement_timeout=50)
    with engine.connect() as connection, pytest.raises(Contended) as raised:
        connection.execute(text("select pg_sleep(5)"))
    assert "took the database too long" in str(in_one_line(raised.value))
    engine.dispose()


def test_what_is_no_utf_8_is_told(migrated: Program) -> None:
    password = ["--user", "oms", "--password-env", "PW"]
    tag = ["export", "subscribers", "--tenant", "acme", "--tag", os.fsdecode(b"\xff")]
    assert migrated.run("tenant", "add", "acme").status == 0
    assert migrated.run(*tag).is_refused("not UTF-8")
    assert migrated.run("submit", *password, PW=os.fsdecode(b"\xff")).is_refused("not UTF-8")


def shell(program: Program, line: str) -> int:
    words = shlex.join(program.words)
    return subprocess.run(["bash", "-c", f'spcm() {{ {words} "$@"; }}; {line}'], env=program.environment).returncode


def test_streams_that_are_closed_are_as_those_to_nowhere(migrated: Program, redis_url: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    migrated.call("tenant", "add", "acme")
    for line in ("spcm export subscribers --tenant acme <&-", "spcm status >&-", "spcm status <&- >&- 2>&-"):
        assert shell(migrated, line) == 0, line
    assert shell(migrated, "spcm submit <&-") == shell(migrated, "spcm submit </dev/null") == 2


@pytest.mark.parametrize(
    "command", ["status", "status --json", "export --tenant acme subscribers", "follow --from start --json",
                "follow --from start"]
)  # fmt: skip
def test_a_reader_that_has_gone_is_141(migrated: Program, redis_url: str, command: str) -> None:
    migrated.environment["SPCM_REDIS_URL"] = redis_url
    migrated.run("tenant", "add", "acme")
    with redis.Redis.from_url(redis_url) as client:
        client.xadd("spcm:outcomes:acme", {"event": '{"id": "1", "type": "x", "status": 200}'})
    assert shell(migrated, f"{{ sleep 0.2; spcm {command}; }} | true; exit ${{PIPESTATUS[0]}}") == 141


def test_ctrl_c_while_it_is_read_in_is_quiet() -> None:
    code = (
        "import sys\n"
        "class CtrlC:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, CtrlC())\n"
        "from cli.__main__ import main\n"
        "main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], env=Program().environment, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (130, "")


def test_there_is_a_version() -> None:
    assert Program().run("--version").out == f"{version('spcm')}\n"


def test_it_starts_without_what_only_some_commands_need() -> None:
    code = "import sys, cli.main; print([m for m in ('sqlalchemy', 'redis', 'celery', 'pydantic') if m in sys.modules])"
    program = Program()
    told = subprocess.run([sys.executable, "-c", code], env=program.environment, capture_output=True, text=True)
    assert told.stdout == "[]\n", os.linesep + told.stderr
