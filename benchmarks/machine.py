"""On what it was measured: machine, versions, settings."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.programs import ROOT
from benchmarks.servers import Servers

LIBRARIES = ("celery", "sqlalchemy", "psycopg", "redis", "pydantic", "fastapi", "uvicorn", "taskiq", "dramatiq")
SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "wal_sync_method")


def table(servers: Servers) -> str:
    """In Markdown; `servers` with PostgreSQL."""
    assert servers.postgres is not None
    postgres = [f"{name} {servers.postgres.execute(f'show {name}')[0][0]}" for name in SETTINGS]
    valkey = servers.client.info("server")
    of_valkey = servers.client.config_get("append*")
    facts = {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}, at commit {_commit()}",
        "machine": f"{os.cpu_count()} cores ({_processor()}), {_memory():.0f} GB, {platform.system()}"
        f" {platform.release().split('-')[0]}; servers, worker and load on this one machine",
        "PostgreSQL": f"{servers.postgres.execute('show server_version')[0][0]}, over a Unix socket:"
        f" {', '.join(postgres)}",
        "Valkey": f"{valkey.get('valkey_version', valkey['redis_version'])}, over loopback:"
        f" appendonly {of_valkey['appendonly']}, appendfsync {of_valkey['appendfsync']}",
        "Python": f"{platform.python_version()}; " + ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        "SPCM": "its defaults: 8 partitions, batches of 1,000",
    }
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {fact} |" for name, fact in facts.items())])


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _commit() -> str:
    if not shutil.which("git"):
        return "unknown"
    told = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
    return told.stdout.strip() or "unknown"
