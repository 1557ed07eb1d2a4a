"""Questions about processes."""

import subprocess
import time


def gone(pid: int, *, within: float) -> bool:
    """True when the process ends within so many seconds; one that nobody has waited for yet has ended too."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
        if not state or state.startswith("Z"):
            return True
    return False
