"""An installation without extras has all that it imports."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution, packages_distributions

from packaging.requirements import Requirement

PROGRAM = """
import pkgutil, sys

class NotInstalled:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in sys.argv:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
import celery.concurrency.prefork, celery.worker
import cli, workers.tasks.drain, workers.tasks.maintain, workers.transport
for module in pkgutil.walk_packages(cli.__path__, "cli."):
    if not module.name.endswith("__main__"):
        __import__(module.name)
"""

EXTRAS = {"kombu": ["redis"], "psycopg": ["binary"], "redis": ["hiredis"]}
"""What pyproject.toml asks of them."""


def test_what_is_imported_is_installed_without_extras() -> None:
    installed = set(_required("spcm", set()))
    missing = [module for module, owners in packages_distributions().items() if installed.isdisjoint(owners)]
    assert "pytest" in missing
    environment = os.environ | {"SPCM_REDIS_URL": "redis://nowhere", "SPCM_DATABASE_URL": "sqlite:////nowhere"}
    run = subprocess.run([sys.executable, "-c", PROGRAM, *missing], capture_output=True, text=True, env=environment)
    assert run.returncode == 0, run.stderr


def _required(name: str, seen: set[str]) -> Iterator[str]:
    """The distribution and all that it requires, as each names itself."""
    found = distribution(name)
    if found.name in seen:
        return
    seen.add(found.name)
    yield found.name
    for each in map(Requirement, found.requires or ()):
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ["", *EXTRAS.get(name, [])]):
            yield from _required(each.name, seen)
