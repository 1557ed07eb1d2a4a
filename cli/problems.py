"""What went wrong, in one line for people; and the status that a command ends with."""

import sys
from contextlib import suppress
from types import TracebackType
from typing import Self

import typer
from typer.exceptions import TyperException

FAILED = 1
"""The exit status where an outcome is 400 or above."""

WRONG = 2
"""The exit status where the command could not do what it was asked."""

INTERRUPTED = 130
READER_GONE = 141

_LONGEST = 400  # characters of a server's own words


class Problem(Exception):
    """Raised where a command cannot do what it was asked; its text is one line that says what to do."""


def say(words: str) -> None:
    """One line on stderr."""
    with suppress(OSError):  # nobody reads it
        print(f"spcm: {' '.join(words.split())}", file=sys.stderr, flush=True)  # noqa: T201 - a command's own voice


class Guard:
    """What is raised inside becomes one line and an exit status; a bug of ours goes on as it is."""

    def __init__(self) -> None:
        self.status = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            return True
        if isinstance(error, KeyboardInterrupt | typer.Abort):
            self.status = INTERRUPTED
        elif isinstance(error, BrokenPipeError | SystemExit):  # the latter is all that Typer leaves of the former
            self.status = READER_GONE
        else:
            words = in_one_line(error)
            if words is None:
                return False
            if words:
                say(words)
            self.status = WRONG
        return True


def in_one_line(error: BaseException) -> str | None:
    """What happened and what to do; None for a bug of ours, empty where all was said."""
    if isinstance(error, Problem):
        return str(error)
    if isinstance(error, TyperException):
        return _usage(error)
    # Bytes that are no text Python reads as characters that UTF-8 cannot write.
    if isinstance(error, UnicodeEncodeError) and error.encoding == "utf-8":
        return "an argument is not UTF-8"
    return _of_ours(error) or _of_servers(error) or _of_files(error)


def _usage(error: TyperException) -> str:
    if not error.format_message():
        return ""  # all of the help was told already
    context = getattr(error, "ctx", None)
    hint = f" (see `{context.command_path} --help`)" if context is not None else ""
    words = error.format_message().replace("Value error, ", "")  # pydantic's, of no use to people
    return f"{words.rstrip('.')}{hint}"


def _of_ours(error: BaseException) -> str | None:
    # Here, not above: a command that works needs none of these.
    from adapters.database import WrongDatabaseUrl
    from adapters.migrations import NotReady
    from adapters.settings import WrongSetting
    from adapters.tenants import NoSuchTenant
    from adapters.users import NoSuchUser
    from adapters.valkey_folder import ValkeyFailed
    from spcm_client import ClientError, SubmitFailed

    if isinstance(error, NoSuchTenant):
        return f"there is no tenant {error}: `spcm tenant list` shows all, `spcm tenant add` makes one"
    if isinstance(error, NoSuchUser):
        tenant, name = error.args
        return f"there is no user {name}: `spcm user list --tenant {tenant}` shows all, `spcm user add` makes one"
    if isinstance(error, WrongDatabaseUrl):
        return f"SPCM_DATABASE_URL: {error}"
    if isinstance(error, SubmitFailed):
        return f"{error} ({_cut(error.__cause__)})"
    if isinstance(error, WrongSetting | NotReady | ValkeyFailed | ClientError):
        return str(error)
    return None


def _of_servers(error: BaseException) -> str | None:
    import redis

    from adapters.failures import Contended, Interrupted, TookTooLong
    from spcm_client.connections import REFUSED

    if isinstance(error, REFUSED):
        return f"Redis refused: {_cut(error)} (is the user in SPCM_REDIS_URL the right one, and its password?)"
    if isinstance(error, redis.ResponseError):
        return f"Redis cannot be used: {_cut(error)} (`spcm doctor` may say more)"
    if isinstance(error, redis.RedisError):
        return f"Redis cannot be used: {_cut(error)} (is it running? see SPCM_REDIS_URL, or run `spcm up`)"
    if isinstance(error, TookTooLong):
        return "a statement took the database too long, and was ended: try again when it has less to do"
    if isinstance(error, Contended):
        return "others are at work on the same rows of the database: try again"
    if isinstance(error, Interrupted):
        if isinstance(error.__cause__, redis.RedisError):
            return _of_servers(error.__cause__)
        return (
            f"the database cannot be used: {_cut(error.__cause__ or error)} (see SPCM_DATABASE_URL, or the data folder)"
        )
    return None


def _of_files(error: BaseException) -> str | None:
    if not isinstance(error, OSError):
        return None
    words = error.strerror or str(error)
    return f"{error.filename}: {words}" if error.filename else words


def _cut(error: object) -> str:
    from adapters.redis_failures import without_command

    words = without_command(" ".join(str(error).split()))
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}..."
