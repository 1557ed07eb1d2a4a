"""The periodic task, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from adapters.ports import free_port

ROOT = Path(__file__).parents[2]


def test_an_outage_leaves_it_to_the_next_time(tmp_path: Path) -> None:
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    environment = os.environ | {"SPCM_REDIS_URL": nobody, "SPCM_DATABASE_URL": f"sqlite:///{tmp_path / 'spcm.sqlite'}"}
    program = "from workers.tasks.maintain import maintain; maintain()"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    assert "maintenance-waits" in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
