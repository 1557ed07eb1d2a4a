"""Writes the table of docs/errors.md from the program's own catalogue of errors.

python docs/errors_table.py
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from docs.operations_table import markdown_table, with_tables
from domain.errors import CATALOGUE

ERRORS = Path(__file__).parent / "errors.md"


def errors_table() -> str:
    """Every reason, by status, in the order of the catalogue."""
    rows = [
        (
            str(reason.status),
            f"`{reason.code}`",
            "" if reason.error_code is None else str(reason.error_code),
            reason.message,
            "yes" if reason.retryable else "no",
            reason.advice,
        )
        for reason in CATALOGUE.values()
    ]
    return markdown_table(
        ("status", "reason", "errorCode", "message", "does sending it again help?", "what to do"), rows
    )


TABLES = {"errors": errors_table}


if __name__ == "__main__":
    ERRORS.write_text(with_tables(ERRORS.read_text(), TABLES))
