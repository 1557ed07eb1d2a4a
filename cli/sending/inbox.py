"""Commands that were read and are not yet sent: reading must not keep outcomes from being shown."""

import queue
import threading
from collections.abc import Iterable

from cli.sending.command_file import WrittenCommand

_HELD = 200
_CHUNK = 1024 * 1024
"""Characters after which no more is taken at once."""

Item = WrittenCommand | BaseException | None


class Inbox:
    """What another thread reads from `commands`, as it comes."""

    def __init__(self, commands: Iterable[WrittenCommand]) -> None:
        self.ended = False
        self.fault: BaseException | None = None
        self._queue: queue.Queue[Item] = queue.Queue(_HELD)
        threading.Thread(target=self._fill, args=(commands,), daemon=True, name="inbox").start()

    def take(self, most: int, *, seconds: float) -> list[WrittenCommand]:
        """Up to so many; none where none came in time. At the end, `ended`, and what went wrong in `fault`."""
        taken: list[WrittenCommand] = []
        size = 0
        while not self.ended and len(taken) < most and size < _CHUNK:
            try:
                item = self._queue.get(timeout=seconds) if seconds and not taken else self._queue.get_nowait()
            except queue.Empty:
                break
            if isinstance(item, WrittenCommand):
                taken.append(item)
                size += len(item.text)
            else:
                self.ended, self.fault = True, item
        return taken

    def _fill(self, commands: Iterable[WrittenCommand]) -> None:
        fault: BaseException | None = None
        try:
            for command in commands:
                self._queue.put(command)
        except Exception as error:  # noqa: BLE001 - told by the thread that asks
            fault = error
        self._queue.put(fault)
