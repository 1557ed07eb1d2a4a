"""Changes in memory that can be undone."""

from collections.abc import Callable


class Attempt:
    """Changes in memory that are undone by an exception, or on demand: by the ways back listed since it began."""

    __slots__ = ("_mark", "_undo")

    def __init__(self, undo: list[Callable[[], None]]) -> None:
        self._undo = undo
        self._mark = len(undo)

    def __enter__(self) -> Callable[[], None]:
        return self.undo

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.undo()

    def undo(self) -> None:
        """Go back."""
        while len(self._undo) > self._mark:
            self._undo.pop()()
