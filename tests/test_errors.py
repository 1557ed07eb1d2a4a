"""Code, catalogue and documents tell the same errors."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import domain.catalog  # noqa: F401 - fills the table of operations
from docs.errors_table import ERRORS, TABLES
from docs.operations_table import with_tables
from domain.errors import CATALOGUE, Refused
from tests.promises import MESSAGES, PROMISED

ROOT = Path(__file__).parent.parent

NOT_YET_RAISED = {"max-plan-count"}
"""Needs subscribers that hold plans: a later step."""

MENTION = re.compile(r"\b([45]\d\d)\s+`([a-z]+(?:-[a-z]+)+)`(?:,\s+errorCode\s+(\d+))?")
"""As in: 422 `item-reference`, errorCode 5."""


def test_the_catalogue_is_what_publishers_were_promised() -> None:
    assert {code: (reason.status, reason.error_code) for code, reason in CATALOGUE.items()} == PROMISED
    assert {code: CATALOGUE[code].message for code in MESSAGES} == MESSAGES
    assert {code for code, reason in CATALOGUE.items() if reason.retryable} == {"internal-error", "overloaded"}


def test_what_the_code_raises_is_in_the_catalogue_under_the_same_status_and_all_of_that_is_raised() -> None:
    raised = set(_raised())
    assert {code for _, code in raised} == set(CATALOGUE) - NOT_YET_RAISED
    assert [(status, code) for status, code in raised if CATALOGUE[code].status != status] == []


def test_the_page_of_errors_is_current() -> None:
    text = ERRORS.read_text()
    assert text == with_tables(text, TABLES), "run: python docs/errors_table.py"


def test_what_the_documents_say_of_a_reason_is_so() -> None:
    mentions = [
        (document.name, int(status), code, error_code)
        for document in (ROOT / "docs").glob("*.md")
        for status, code, error_code in MENTION.findall(document.read_text())
    ]
    assert len(mentions) > 10
    for document, status, code, error_code in mentions:
        assert CATALOGUE[code].status == status, (document, code)
        assert error_code in ("", str(CATALOGUE[code].error_code)), (document, code)


def test_the_contract_tells_every_status() -> None:
    section = (ROOT / "docs" / "contract.md").read_text().partition("## 3. Status codes")[2].partition("\n## ")[0]
    told = {int(status) for status in re.findall(r"^\| (\d{3}) \|", section, re.MULTILINE)}
    assert {status for status in told if status >= 400} == {reason.status for reason in CATALOGUE.values()}


STATUSES = {
    "BadRequest": 400,
    "Unauthenticated": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "Conflict": 409,
    "Invalid": 412,
    "Unprocessable": 422,
    "Failed": 500,
    "Overloaded": 503,
}
"""An error's class is its status."""


def test_every_error_has_a_status_of_its_own() -> None:
    classes = {each.__name__ for each in Refused.__subclasses__()}
    assert classes == set(STATUSES)


def _raised() -> Iterator[tuple[int, str]]:
    """Every reason that the code gives to an error, with the status of the error's class."""
    for package in ("domain", "adapters", "workers"):
        for source in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(source.read_text())):
                if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Name) and node.exc.id in STATUSES:
                    yield STATUSES[node.exc.id], OWN_REASON[node.exc.id]
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in STATUSES:
                    yield STATUSES[node.func.id], _reason_of(node.func.id, node)


OWN_REASON = {
    "BadRequest": "malformed-command",
    "Unauthenticated": "bad-credentials",
    "Forbidden": "permission-denied",
    "Invalid": "validation-failed",
    "Failed": "internal-error",
    "Overloaded": "overloaded",
}
"""Of the errors that need not be told one."""


def _reason_of(name: str, call: ast.Call) -> str:
    """The reason is the argument `code`, or the only one of what has no reason of its own."""
    codes = [each.value for each in call.keywords if each.arg == "code"]
    if name in OWN_REASON and not codes:
        return OWN_REASON[name]
    (code,) = codes or call.args
    assert isinstance(code, ast.Constant), ast.unparse(code)
    return str(code.value)
