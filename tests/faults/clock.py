"""Another time of day for a process, by libfaketime."""

import importlib.util
import os
from pathlib import Path

WHEEL = importlib.util.find_spec("libfaketime")
LIBRARY = Path(WHEEL.origin or "").parent / "vendor/libfaketime/src/libfaketime.so.1" if WHEEL else Path("none")


def clock(offset: str) -> dict[str, str]:
    """What gives a process another time of day, and leaves its other clocks alone."""
    return {
        "LD_PRELOAD": LIBRARY.name,  # without its folder: a space in that would end it
        "LD_LIBRARY_PATH": ":".join(filter(None, [str(LIBRARY.parent), os.environ.get("LD_LIBRARY_PATH")])),
        "FAKETIME": offset,
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }
