"""A file that appears when it is complete; until then a hidden one stands beside its place."""

import fcntl
import os
import stat
from contextlib import suppress
from errno import EISDIR
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.problems import Problem


class PartFile:
    """What is written to `file` takes the target's place at `put_in_place`, or goes."""

    def __init__(self, target: Path, mode: int) -> None:
        """Begins anew what a killed run has left. Raises Problem where it cannot be written, or another run has it."""
        self._target = target
        self._path = target.with_name(f".{target.name}.part")
        try:
            if target.is_dir():
                raise IsADirectoryError(EISDIR, "it is a folder")
            self.file = self._path.open("ab")
            try:
                self._take_over(mode)
            except OSError:
                self.file.close()
                raise
        except OSError as error:
            words = "this file is being imported" if isinstance(error, BlockingIOError) else error.strerror
            raise Problem(f"{target} cannot be written ({words}); nothing was sent") from None

    @property
    def in_place(self) -> bool:
        """Whether it is at the target."""
        return self._is_at(self._target)

    def put_in_place(self) -> None:
        """Raises OSError."""
        os.replace(self._path, self._target)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_at(self._path):  # else it is in its place, or another run has made a new one since
            self._path.unlink()
        with suppress(OSError):  # what it still holds finds no room: that was told
            self.file.close()

    def _take_over(self, mode: int) -> None:
        fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not self._is_at(self._path):  # whoever had it until now has just put it in its place
            raise BlockingIOError
        self.file.truncate(0)
        os.fchmod(self.file.fileno(), mode | stat.S_IWUSR)  # or its owner could not begin it anew

    def _is_at(self, path: Path) -> bool:
        try:
            return os.path.samestat(path.stat(), os.fstat(self.file.fileno()))
        except FileNotFoundError:
            return False
