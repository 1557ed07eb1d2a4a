"""Where a worker's log goes, and in which form."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines import migrated
from tests.polling import wait_for
from tests.processes import children_of

ROOT = Path(__file__).parents[2]


def test_a_worker_writes_into_the_log_file_that_celery_is_told(tmp_path: Path, redis_url: str, sqlite_url: str) -> None:
    log = tmp_path / "worker.log"
    with _worker(log, redis_url, sqlite_url) as worker:
        worker.send_signal(signal.SIGTERM)
        _, told = worker.communicate(timeout=30)
    assert b"ready" not in told


def test_what_celerys_pool_tells_of_its_processes_is_json_too(tmp_path: Path, redis_url: str, sqlite_url: str) -> None:
    log = tmp_path / "worker.log"
    with _worker(log, redis_url, sqlite_url) as worker:
        for process in children_of(worker.pid):
            os.kill(process, signal.SIGKILL)
        wait_for(lambda: "exited with" in log.read_text(), within=30)
        worker.send_signal(signal.SIGTERM)
        _, told = worker.communicate(timeout=30)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["level"] for line in lines if "exited with 'signal 9 (SIGKILL)'" in line["event"]] == ["error"]
    assert b"exited" not in told


@contextmanager
def _worker(log: Path, redis_url: str, sqlite_url: str) -> Iterator[subprocess.Popen[bytes]]:
    settings = {"SPCM_REDIS_URL": redis_url, "SPCM_DATABASE_URL": sqlite_url, "SPCM_LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-c", "1", f"--logfile={log}"]
    with migrated(sqlite_url):
        worker = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stderr=subprocess.PIPE)
        try:
            wait_for(lambda: log.exists() and " ready." in log.read_text(), within=60)
            yield worker
        finally:
            worker.kill()
            worker.wait()
