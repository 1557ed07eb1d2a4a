"""The documents are true where a program can tell: links, settings, log lines, and the tables that the code writes."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.settings import Settings
from docs.operations_table import REFERENCE, with_tables

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OPERATING = ROOT / "docs" / "operating.md"

# Linked to, and written by others: goes as soon as all are there.
NOT_YET_WRITTEN = {ROOT / "docs" / f"{name}.md" for name in ("errors", "migration", "performance", "reliability")}

LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
SETTING = re.compile(r"^\| `(SPCM_[A-Z_]+)` \| (?:`([^`]*)`|none) \|", re.MULTILINE)
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
        if target in NOT_YET_WRITTEN and not target.exists():
            continue
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


def test_every_setting_is_explained() -> None:
    explained = {name for name, _ in SETTING.findall(OPERATING.read_text())}
    assert explained == {f"SPCM_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_settings_have_the_defaults_that_are_told(document: Path) -> None:
    for name, told in SETTING.findall(document.read_text()):
        assert told == _written(Settings.model_fields[name.removeprefix("SPCM_").lower()].default), name


def test_every_log_line_is_explained() -> None:
    logged = {
        name
        for package in ("domain", "adapters", "workers")
        for source in (ROOT / package).rglob("*.py")
        for name in LOGGED.findall(source.read_text())
    }
    text = OPERATING.read_text()
    assert [name for name in sorted(logged) if f"`{name}`" not in text] == []


def test_the_tables_of_operations_and_fields_are_current() -> None:
    text = REFERENCE.read_text()
    assert text == with_tables(text), "run: python docs/operations_table.py"
