import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.database import make_engine
from adapters.passwords import verify_password
from tests.cli.program import Program


def test_without_a_database_it_is_told_what_to_do(tmp_path: Path) -> None:
    assert Program(SPCM_DATA=str(tmp_path / "data")).call("tenant", "list").is_refused("run `spcm migrate`")
    assert not (tmp_path / "data").exists()


def test_a_database_without_the_schema_is_told(tmp_path: Path) -> None:
    (tmp_path / "spcm.sqlite").touch()
    empty = Program(SPCM_DATA=str(tmp_path))
    assert empty.call("tenant", "list").is_refused("not at this version's schema", "run `spcm migrate`")


def test_a_database_of_a_newer_version_is_told_and_nobody_is_sent_to_migrate_it(migrated: Program) -> None:
    with sqlite3.connect(Path(migrated.environment["SPCM_DATA"]) / "spcm.sqlite") as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    for words in ("tenant", "list"), ("migrate",), ("up",):
        ended = migrated.run(*words)
        assert ended.is_refused("schema 9999 of a newer version of SPCM: install that version")
        assert "spcm migrate" not in ended.err


def test_tables_of_somebody_else_are_left_alone(database_url: str) -> None:
    with make_engine(database_url).begin() as connection:
        connection.execute(text("create table users (id integer)"))
    program = Program(SPCM_DATABASE_URL=database_url)
    assert program.call("migrate").is_refused("has a table users that is not SPCM's: name another database")


def test_a_folder_of_any_name_holds_its_database(tmp_path: Path) -> None:
    folder = tmp_path / "a b%41?x#y"
    program = Program(SPCM_DATA=str(folder))
    assert program.call("migrate").status == 0
    assert program.call("tenant", "add", "acme").status == 0
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert stat.S_IMODE((folder / "spcm.sqlite").stat().st_mode) == 0o600


def test_migrating_twice_changes_nothing_and_the_folder_is_its_owners(migrated: Program) -> None:
    again = migrated.call("migrate")
    assert again.status == 0
    assert "newest schema" in again.out
    assert stat.S_IMODE(Path(migrated.environment["SPCM_DATA"]).stat().st_mode) == 0o700


def test_tenants_come_and_go(migrated: Program) -> None:
    assert migrated.call("tenant", "add", "acme").status == 0
    assert migrated.call("tenant", "add", "acme").is_refused("tenant acme is there already")
    assert migrated.call("tenant", "add", "Acme").is_refused("a tenant's name must be")
    assert migrated.call("tenant", "list", "--json").lines == [{"name": "acme", "users": 0}]
    assert "acme" in migrated.call("tenant", "list").out
    assert migrated.call("tenant", "remove", "acme").status == 0
    assert migrated.call("tenant", "remove", "acme").is_refused("there is no tenant acme")


def test_users_come_change_and_go(migrated: Program) -> None:
    migrated.call("tenant", "add", "acme")
    name = ["--tenant", "acme", "oms"]
    named = ("subscriber_read", "SPCM_SUBSCRIBER_CREATE_PERMISSION", "SUBSCRIBER_READ")
    some = [word for each in named for word in ("--permission", each)]
    added = migrated.call("user", "add", *name, "--password-stdin", *some, stdin="one\n")
    assert added.out == "user oms of tenant acme added, with 2 permissions\n"
    again = migrated.call("user", "add", *name, "--password-stdin", *some, stdin="one\n")
    assert again.is_refused("user oms of tenant acme is there already", "spcm user password", "spcm user permissions")
    listed = migrated.call("user", "list", "--tenant", "acme", "--json").lines
    assert listed == [
        {"name": "oms", "permissions": ["SPCM_SUBSCRIBER_CREATE_PERMISSION", "SPCM_SUBSCRIBER_READ_PERMISSION"]}
    ]
    assert migrated.call("user", "permissions", *name, "--permission", "SUBSCRIBER_DELETE").status == 0
    listed = migrated.call("user", "list", "--tenant", "acme", "--json").lines
    assert listed == [{"name": "oms", "permissions": ["SPCM_SUBSCRIBER_DELETE_PERMISSION"]}]
    assert migrated.call("user", "password", *name, "--password-stdin", stdin="two").status == 0
    with sqlite3.connect(Path(migrated.environment["SPCM_DATA"]) / "spcm.sqlite") as connection:
        [(hashed,)] = connection.execute("select password_hash from users").fetchall()
    connection.close()
    assert verify_password(hashed, "two")
    assert migrated.call("user", "remove", *name).status == 0
    assert migrated.call("user", "remove", *name).is_refused("there is no user oms", "spcm user list --tenant acme")
    assert migrated.call("user", "remove", "--tenant", "nope", "oms").is_refused("there is no tenant nope")


@pytest.mark.parametrize(
    ("arguments", "stdin", "told"),
    [
        (["oms", "--all-permissions"], "x", "--password-stdin"),
        (["oms", "--password-stdin"], "x", "--permission"),
        (["oms", "--password-stdin", "--permission", "FLY"], "x", "there is no permission FLY"),
        (["o:s", "--password-stdin", "--all-permissions"], "x", "without colon"),
        (["oms", "--password-stdin", "--all-permissions"], "\n", "1 to 1024 bytes"),
        (["oms", "--password-stdin", "--all-permissions"], "x" * 1025, "1 to 1024 bytes"),
        (["oms", "--password-stdin", "--all-permissions"], b"\xff", "UTF-8"),
        (["oms", "--password-stdin", "--all-permissions"], "s3cret\nanother\n", "must not contain control characters"),
        (["oms", "--password-stdin", "--all-permissions"], "s3cret\r", "must not contain control characters"),
        (["oms", "--password-stdin", "--all-permissions"], "s3cret\0", "must not contain control characters"),
        (["oms", "--password-stdin", "--all-permissions"], "x", "there is no database"),
    ],
)
def test_a_user_that_cannot_be_is_refused(arguments: list[str], stdin: str | bytes, told: str, tmp_path: Path) -> None:
    program = Program(SPCM_DATA=str(tmp_path / "data"))
    assert program.call("user", "add", "--tenant", "acme", *arguments, stdin=stdin).is_refused(told)
