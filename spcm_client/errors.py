"""What can go wrong on the sender's or the reader's side. A refused command is no error: it has an `Outcome`."""

from collections.abc import Sequence
from typing import Self


class ClientError(Exception):
    """What all errors of this package are."""


class InvalidCommand(ClientError, ValueError):
    """Raised when a command cannot be sent: it is no JSON as the contract has it, nested too deeply, or too large, or
    tenant, user or password are of no valid form.

    Nothing was sent. A worker could not read such a command, so that nobody would ever be told of it.
    """


class WrongUrl(ClientError, ValueError):
    """Raised when a Redis URL cannot be read. The words hold nothing of it: there may be a password in it."""


class SubmitFailed(ClientError):
    """Raised when Redis did not confirm that it took commands: it may hold them, some of them, or none.

    Sending them again, in the same order and with the same ids, is safe: what was executed is not executed again.
    `command_ids` are those that were not confirmed; the redis error is the `__cause__`.
    """

    def __init__(self, command_ids: Sequence[str], error: str = "") -> None:
        """`error` is the redis error's name: its words may hold the command, and so a password."""
        self.command_ids = tuple(command_ids)
        self._error = error
        named = self.command_ids[0] if len(self.command_ids) == 1 else f"{len(self.command_ids)} commands"
        why = f" ({error})" if error else ""
        super().__init__(f"Redis did not confirm {named}{why}; sending again with the same id is safe")

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[str, ...], str]]:
        return type(self), (self.command_ids, self._error)  # by itself, pickle would make it of the words alone


class OutcomeTimeout(ClientError, TimeoutError):
    """Raised when no outcome came in time: the command may have been executed, or may still be.

    Sending it again, unchanged and with the same id (`command_id`), is safe, and tells the outcome it has had.
    """

    def __init__(self, command_id: str, seconds: float) -> None:
        super().__init__(
            f"no outcome of {command_id} within {seconds:g} s; it may still be executed;"
            " sending it again with the same id is safe"
        )
        self.command_id = command_id
        self._seconds = seconds

    def __reduce__(self) -> tuple[type[Self], tuple[str, float]]:
        return type(self), (self.command_id, self._seconds)  # by itself, pickle would make it of the words alone


class MalformedOutcome(ClientError, ValueError):
    """Raised when an entry of an outcome stream, or of a reply list, is no outcome event.

    Only workers write there, so this is a fault of the installation, not of a command. `stream_id` is the entry's, from
    which a reader can go on; None for a reply.
    """

    def __init__(self, what: str, stream_id: str | None = None) -> None:
        self.stream_id = stream_id
        super().__init__(what if stream_id is None else f"entry {stream_id}: {what}")


class PartitionsUnreadable(ClientError):
    """Raised when the key `spcm:partitions` does not hold a number of at least 1: this Redis is not one of SPCM's."""


class ConnectionLost(ClientError):
    """Raised when the connection broke during a blocking read: what Redis answered, if it did, is lost.

    Inside this package only: whoever reads here asks again.
    """
