"""House rules, as programs."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from celery.app.defaults import NAMESPACES, flatten
from sqlalchemy import Engine, text

from adapters.database import make_engine
from adapters.migrations import migrate, require_current
from adapters.tables import metadata

ROOT = Path(__file__).parents[1]
PACKAGES = {"domain", "adapters", "workers", "cli", "spcm_client"}
ASKED_FOR = {*PACKAGES, "workers/tasks", "tests", "celeryconfig.py", "pyproject.toml", "Makefile", "README.md"}
FOLDERS = {*PACKAGES, "tests", "docs", "examples", "benchmarks"}
FORBIDDEN_NAMES = re.compile(r"(^|_)(utils?|helpers?|common|base|misc)$")


def _tracked() -> list[str]:
    """Files of the repository; a copy without its history has them all."""
    if shutil.which("git"):
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
        if listed.returncode == 0 and listed.stdout:
            return listed.stdout.splitlines()
    return [str(each.relative_to(ROOT)) for each in ROOT.rglob("*") if each.is_file() and ".venv" not in each.parts]


def test_what_was_asked_for_by_name_is_there_under_its_name() -> None:
    assert [name for name in sorted(ASKED_FOR) if not (ROOT / name).exists()] == []


def test_the_top_level_has_no_other_folders() -> None:
    folders = {name.split("/")[0] for name in _tracked() if "/" in name}
    assert {folder for folder in folders if not folder.startswith(".")} <= FOLDERS


def test_no_module_is_named_after_nothing() -> None:
    modules = [name for name in _tracked() if name.endswith(".py")]
    assert [name for name in modules if FORBIDDEN_NAMES.search(Path(name).stem)] == []


CELERY_SETTINGS = """
import celeryconfig, inspect, json
values = {name: value for name, value in vars(celeryconfig).items() if name == name.lower() and name[0] != "_"}
print(json.dumps([name for name, value in values.items() if not (inspect.ismodule(value) or callable(value))]))
"""


def test_every_celery_setting_is_one_that_celery_knows() -> None:
    """Celery takes a misspelt setting in silence. Read in a process of its own, since it asks the environment."""
    told = subprocess.run(
        [sys.executable, "-c", CELERY_SETTINGS],
        cwd=ROOT,
        env={**os.environ, "SPCM_REDIS_URL": "redis://127.0.0.1:1/0"},
        capture_output=True,
        text=True,
        check=True,
    )
    names = set(json.loads(told.stdout))
    assert {"broker_url", "task_time_limit", "accept_content"} <= names
    known: Any = flatten(NAMESPACES)
    assert sorted(names - {name for name, _ in known}) == []


@pytest.fixture
def engine(database_url: str) -> Engine:
    return make_engine(database_url)


def test_migrations_make_exactly_the_tables_that_the_program_uses(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        require_current(connection)
    migrate(engine)  # again: nothing to do
    engine.dispose()


def test_migrated_and_created_tables_are_the_same_to_the_letter(engine: Engine) -> None:
    """What Alembic's comparison does not see: collations, partial indexes, the kind of an index."""
    migrate(engine)
    migrated = _schema(engine)
    with engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert _schema(engine) == migrated
    engine.dispose()


def test_pinned_versions_name_no_address() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+( *;.*)?", line)] == []
    assert not re.search(r"://|--|@", "\n".join(lines))
    assert pins


def _schema(engine: Engine) -> list[tuple[Any, ...]]:
    if engine.dialect.name == "sqlite":
        query = "select type, name, sql from sqlite_master where name not like 'alembic%' order by type, name"
        with engine.connect() as connection:
            return [(kind, name, _normal(sql)) for kind, name, sql in connection.execute(text(query))]
    queries = (
        "select tablename, indexname, indexdef from pg_indexes where schemaname = 'public' order by 1, 2",
        "select table_name, column_name, data_type, collation_name, is_nullable, column_default"
        " from information_schema.columns where table_schema = 'public' order by 1, 2",
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
        " where connamespace = 'public'::regnamespace order by 1, 2",
        "select sequencename::text, data_type::text, increment_by from pg_sequences order by 1",
    )
    with engine.connect() as connection:
        found = [tuple(row) for query in queries for row in connection.execute(text(query))]
    return [row for row in found if "alembic" not in str(row[0])]


def _normal(sql: str | None) -> str:
    return re.sub(r"\s+", " ", sql or "").strip()


def test_make_clean_leaves_an_installations_data_where_they_are(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in (".spcm", "build"):
        (tmp_path / name).mkdir()
    subprocess.run(["make", "clean"], cwd=tmp_path, capture_output=True, check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".spcm", "Makefile"]
