"""One `spcm up` for the tests of a module, with a tenant and a user."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import Program, next_line

PASSWORD = "s3cret"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program, with an installation that is running: tenant acme, and its user oms who may do everything."""
    program = Program(SPCM_DATA=str(tmp_path_factory.mktemp("up") / "data"), PW=PASSWORD)
    up = program.start("up", "--workers", "1")
    try:
        assert json.loads(next_line(up))["ready"] is True
        assert program.call("tenant", "add", "acme").status == 0
        added = program.call(
            "user", "add", "oms", "--tenant", "acme", "--password-stdin", "--all-permissions", stdin=PASSWORD
        )
        assert added.status == 0, added.err
        yield program
    finally:
        up.kill()  # its end in order is another module's matter
        up.communicate(timeout=20)


@pytest.fixture
def migrated(tmp_path: Path) -> Program:
    """The program, with a database and nothing that runs."""
    program = Program(SPCM_DATA=str(tmp_path / "data"))
    assert program.call("migrate").status == 0
    return program
