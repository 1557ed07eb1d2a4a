"""Named places at which a test can kill or stop the process. Inert: nothing here happens in a worker that people run.

A test names a folder in SPCM_FAILPOINTS; a file there with a place's name and the words kill or stop works once.
"""

import os
import signal
from pathlib import Path

_FOLDER = os.environ.get("SPCM_FAILPOINTS")
_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def failpoint(name: str) -> None:
    """Pass the place; or, where a test has switched it on, do not."""
    if _FOLDER is not None:
        _reach(Path(_FOLDER) / name)


def _reach(switch: Path) -> None:
    try:
        action = switch.read_text().strip()
        switch.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), _SIGNALS[action])
