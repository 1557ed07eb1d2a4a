"""The documents are true where a program can tell: links, settings, log lines, examples, and the tables on them."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.settings import Settings
from docs.operations_table import REFERENCE, with_tables
from domain.commands import read_command
from domain.permissions import Permission, Principal
from spcm_client.partitions import partition_of_operation

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
OPERATING = ROOT / "docs" / "operating.md"

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SETTING = re.compile(r"^\| `(SPCM_[A-Z_]+)` \| (?:`([^`]*)`|none) \|", re.MULTILINE)
SENT = re.compile(r"""(?:XADD |xadd\(")spcm:commands:([0-9]+)(?: \* command |", \{"command": )'([^']+)'""")
WRITTEN = re.compile(r"^    (\{\"id\".*(?:\n    .*)*)", re.MULTILINE)
TEST = re.compile(r"`(?:[a-z/]+/)?(test_\w+\.py)(?:::(\w+))?(?:\.{3})?`")
LOGGED = re.compile(r"\blog\.[a-z]+\(\s*\"([a-z-]+)\"")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _anchors(document: Path) -> set[str]:
    """The headings as a browser can be pointed at them."""
    headings = HEADING.findall(document.read_text())
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _written(default: Any) -> str:
    if isinstance(default, timedelta):
        return f"{default.days}d"
    return str(default).lower() if isinstance(default, bool) else str(default)


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in LINK.findall(document.read_text()):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


def test_every_setting_is_explained() -> None:
    explained = {name for name, _ in SETTING.findall(OPERATING.read_text())}
    assert explained == {f"SPCM_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_settings_have_the_defaults_that_are_told(document: Path) -> None:
    for name, told in SETTING.findall(document.read_text()):
        assert told == _written(Settings.model_fields[name.removeprefix("SPCM_").lower()].default), name


def test_the_tests_that_are_named_exist() -> None:
    named = TEST.findall((ROOT / "docs" / "reliability.md").read_text())
    assert ("test_workers.py", "test_row_01_") in named
    for file, test in named:
        sources = [path.read_text() for path in (ROOT / "tests").rglob(file)]
        assert any(f"def {test}" in source for source in sources), (file, test)


def test_every_log_line_is_explained() -> None:
    logged = {
        name
        for package in ("domain", "adapters", "workers")
        for source in (ROOT / package).rglob("*.py")
        for name in LOGGED.findall(source.read_text())
    }
    assert "waiting" in logged
    text = OPERATING.read_text()
    assert [name for name in sorted(logged) if f"`{name}`" not in text] == []


def test_the_tables_of_operations_and_fields_are_current() -> None:
    text = REFERENCE.read_text()
    assert text == with_tables(text), "run: python docs/operations_table.py"


def _is_executed(example: str) -> None:
    raw = re.sub(r"\s*\n\s*", " ", example).encode()
    command = read_command(raw, len(raw))
    assert command.fault is None, command.fault.message
    assert command.operation is not None
    command.operation.prepare(Principal("acme", "oms", frozenset(Permission)), command.request)


@pytest.mark.parametrize("document", [ROOT / "README.md", ROOT / "docs" / "contract.md"], ids=_name)
def test_commands_that_are_shown_are_good_and_in_their_partition(document: Path) -> None:
    shown = SENT.findall(document.read_text())
    assert shown
    for partition, command in shown:
        _is_executed(command)
        assert int(partition) == partition_of_operation("subscriber.get", {"msisdn": "0871234567"}, "acme", 8)


def test_the_bulk_that_is_shown_is_good() -> None:
    shown = WRITTEN.findall((ROOT / "docs" / "bulk.md").read_text())
    assert len(shown) == 1
    _is_executed(shown[0])
