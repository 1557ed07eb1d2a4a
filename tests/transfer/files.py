"""`spcm import` and `spcm export` as people run them, in a folder of the test's own."""

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from adapters.keys import PARTITIONS
from adapters.tables import subscribers
from tests.cli.program import ignore_nothing
from tests.contract.installation import PASSWORD, PATIENCE, ROOT, Installation
from tests.polling import wait_for

HEADER = "msisdn,imsi,dpsEnabled,zone\n"


class Files:
    """A folder, and the commands for a tenant that is empty at first, whose user `oms` may do everything."""

    def __init__(self, folder: Path, redis_url: str, engine: Engine, tenant: str) -> None:
        self.folder = folder
        self.engine = engine
        self.tenant = tenant
        self._urls = {
            "SPCM_REDIS_URL": redis_url,
            "SPCM_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        }

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def start(self, *words: str, **more: object) -> "subprocess.Popen[str]":
        """`spcm` with these words and the tenant's name."""
        command = [sys.executable, "-m", "cli", *words, "--tenant", self.tenant]
        environment = {**os.environ, **self._urls, "PASSWORD": PASSWORD}
        options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more}
        options["preexec_fn"] = ignore_nothing
        process: subprocess.Popen[str] = subprocess.Popen(command, cwd=ROOT, env=environment, **options)
        return process

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        process = self.start(*words)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def start_import(self, path: Path, *words: str) -> "subprocess.Popen[str]":
        return self.start("import", str(path), "--user", "oms", "--password-env", "PASSWORD", *words)

    def import_file(self, path: Path, *words: str, status: int = 0) -> str:
        """Import it; what was told. The exit status must be this one."""
        process = self.start_import(path, *words)
        out, err = process.communicate(timeout=120)
        assert process.returncode == status, (out, err)
        return out + err

    def export(self, what: str, *words: str) -> str:
        done = self.run("export", what, *words)
        assert done.returncode == 0, done
        return done.stdout

    def count(self) -> int:
        """The tenant's subscribers."""
        found = select(func.count()).select_from(subscribers).where(subscribers.c.tenant == self.tenant)
        with self.engine.begin() as connection:
            return connection.scalar(found) or 0


class ServedFiles(Files):
    """Those of an installation."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.installation = installation
        self.sender = installation.add_tenant()
        # An import is refused until then.
        wait_for(lambda: bool(installation.redis.exists(PARTITIONS)), within=PATIENCE)
        super().__init__(folder, installation.valkey.url, installation.engine, self.sender.tenant)


def failed_as_expected(path: Path, wrong: Path) -> bool:
    """Whether the report names the wrong lines of a file of examples/migration, and no others.

    Of two lines with one imsi, the one that was executed first is done: they are about different subscribers, so their
    order is not promised.
    """
    expected = {int(each["line"]): each["fault"] for each in _rows_of(wrong)}
    told = [int(each["line"]) for each in report_of(path)]
    fits = [line in told or ("imsi is" in fault and (line - 2) % 500 + 3 in told) for line, fault in expected.items()]
    return all(fits) and len(told) == len(expected) and told == sorted(told)


def _rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def report_of(path: Path) -> list[dict[str, str]]:
    return _rows_of(path.with_name(f"{path.name}.report.csv"))


def remainder_of(path: Path, suffix: str = ".csv") -> Path:
    return path.with_name(f"{path.name}.remainder{suffix}")
