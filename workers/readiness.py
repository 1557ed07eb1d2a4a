"""Tells whoever started this worker that it executes commands now."""

import os
from contextlib import suppress

READY = "SPCM_READY_FD"
"""The environment's name for the pipe into which the worker says so: a descriptor's number."""


def tell_ready(**_: object) -> None:
    """Write a line into the pipe, where there is one, and close it."""
    descriptor = os.environ.pop(READY, None)
    if descriptor is not None:
        with suppress(OSError), open(int(descriptor), "w") as pipe:  # its reader may be gone
            pipe.write("ready\n")
