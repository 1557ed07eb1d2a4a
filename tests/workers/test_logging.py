"""Where a worker's log goes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.engines import migrated
from tests.polling import wait_for

ROOT = Path(__file__).parents[2]


def test_a_worker_writes_into_the_log_file_that_celery_is_told(tmp_path: Path, redis_url: str, sqlite_url: str) -> None:
    log = tmp_path / "worker.log"
    settings = {"SPCM_REDIS_URL": redis_url, "SPCM_DATABASE_URL": sqlite_url, "SPCM_LOG_FORMAT": "json"}
    command = [sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-c", "1", f"--logfile={log}"]
    with migrated(sqlite_url):
        worker = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stderr=subprocess.PIPE)
        try:
            wait_for(lambda: log.exists() and " ready." in log.read_text(), within=60)
            worker.send_signal(signal.SIGTERM)
            _, told = worker.communicate(timeout=30)
        finally:
            worker.kill()
    assert b"ready" not in told
