"""`spcm import` and `spcm export` as people run them, in a folder of the test's own."""

import csv
import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import func, select

from adapters.tables import subscribers
from tests.contract.installation import PASSWORD, ROOT, Installation


class Files:
    """A folder, and the commands for a tenant that is empty at first."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.installation = installation
        self.folder = folder
        self.sender = installation.add_tenant()
        self.tenant = self.sender.tenant

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def start(self, *words: str, **more: object) -> "subprocess.Popen[str]":
        """`spcm` with these words and the tenant's name."""
        urls = {
            "SPCM_REDIS_URL": self.installation.valkey.url,
            "SPCM_DATABASE_URL": self.installation.engine.url.render_as_string(hide_password=False),
        }
        command = [sys.executable, "-m", "cli.main", *words, "--tenant", self.tenant]
        environment = {**os.environ, **urls, "PASSWORD": PASSWORD}
        options: dict[str, object] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more}
        return subprocess.Popen(command, cwd=ROOT, env=environment, **options)  # type: ignore[call-overload]

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
        with self.installation.engine.begin() as connection:
            return connection.scalar(found) or 0


def report_of(path: Path) -> list[dict[str, str]]:
    with path.with_name(f"{path.name}.report.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def remainder_of(path: Path, suffix: str = ".csv") -> Path:
    return path.with_name(f"{path.name}.remainder{suffix}")
