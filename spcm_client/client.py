"""The publisher's side: send commands, and wait for their outcomes where that is wanted."""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from redis import Redis, RedisError

from spcm_client.commands import Command, basic_authorization, new_id
from spcm_client.connections import REFUSED, answers_kept_apart, connect, pause_after_loss
from spcm_client.errors import ConnectionLost, InvalidCommand, OutcomeTimeout, SubmitFailed
from spcm_client.outcomes import Outcome
from spcm_client.partitions import DEFAULT_PARTITIONS, partition_of, read_partitions, stream_of
from spcm_client.replies import ReplyList

_CHUNK_COMMANDS = 500
_CHUNK_BYTES = 1024 * 1024

_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")

_Written = tuple[Command, bytes]


@dataclass(frozen=True)
class Submitted:
    """Redis has the command: it will be executed, or refused with an outcome that says so."""

    command_id: str
    partition: int
    stream_id: str


class Client:
    """Sends commands of one tenant under one user's credentials. Threads may share it.

    `redis` is a URL, or a client of the caller's, which is used as it is, with the caller's timeouts (a socket timeout
    below 0.4 s is too short for waiting). Where calls may be broken off by a signal handler's exception, give a URL:
    after that a client of redis-py's own can take one request's answer for another's. `call` waits for its own outcome
    even then; what `submit` tells can be wrong.

    redis-py repeats a call by itself when the connection breaks or no answer comes in time, although Redis may have
    executed the first one. A command can therefore be in its stream twice. That is harmless only because both entries
    have the same id: the second is not executed, and has an outcome of its own that is marked `replayed`. For the same
    reason all of this class can be repeated by the caller, with the same id.

    Raises `InvalidCommand` for a tenant, a user or a password with which no command could be sent.
    """

    def __init__(self, redis: Redis | str, tenant: str, user: str, password: str) -> None:
        if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
            raise InvalidCommand("a tenant is 1 to 64 lower-case letters, digits, _ and -, the first a letter or digit")
        self._authorization = basic_authorization(user, password)
        self.tenant = tenant
        self._owns_redis = isinstance(redis, str)
        self.redis = connect(redis)
        self._partitions: int | None = None

    @property
    def partitions(self) -> int:
        """The installation's number of partitions. Remembered once a worker has told it: it never changes then.

        Raises `PartitionsUnreadable`, as all do that send.
        """
        if self._partitions is None:
            self._partitions = read_partitions(self.redis)
        return self._partitions or DEFAULT_PARTITIONS

    def submit(
        self,
        operation: str,
        params: Mapping[str, Any] | None = None,
        payload: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the contract's name
        correlation_id: str | None = None,
        reply_to: str | None = None,
        dry_run: bool = False,
    ) -> Submitted:
        """Send a command and do not wait for its outcome. Without an `id` it gets a new UUID.

        Raises `InvalidCommand` (nothing was sent) and `SubmitFailed` (sending again with the same id is safe).
        """
        return self.send(
            Command(operation, params, payload, new_id() if id is None else id, correlation_id, reply_to, dry_run)
        )

    def send(self, command: Command) -> Submitted:
        """`submit` for a command that is already made."""
        return self.submit_many([command])[0]

    def submit_many(self, commands: Iterable[Command]) -> list[Submitted]:
        """Send commands, many in one round trip; each partition gets its own in the order given.

        Redis takes each chunk of up to 500 as a whole or not at all (MULTI), so that when it is full or goes away no
        command is accepted whose predecessor was not. On `SubmitFailed` the chunks before have been accepted, and its
        `command_ids` are those of the chunk that failed: send that one and what follows, or everything, again with the
        same ids and in the same order. `InvalidCommand` is raised before anything of its chunk is sent.
        """
        submitted: list[Submitted] = []
        for chunk in self._chunks(commands):
            submitted += self._send_chunk(chunk)
        return submitted

    def call(
        self,
        operation: str,
        params: Mapping[str, Any] | None = None,
        payload: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,  # noqa: A002 - the contract's name
        correlation_id: str | None = None,
        dry_run: bool = False,
        timeout: float = 30.0,
    ) -> Outcome:
        """Send a command and wait for its outcome, `timeout` in seconds. A refusal is an outcome too, no error.

        Where the connection breaks while it waits, the command is sent again under its id, since the outcome may have
        been lost on its way; the outcome can then be marked `replayed`. The time that redis-py takes to give up on a
        Redis that is away can come on top of `timeout`.

        Raises `InvalidCommand`, `SubmitFailed` and `OutcomeTimeout`. After the latter two the command may still be
        executed, and can be sent again with the id that the error tells.
        """
        deadline = time.monotonic() + timeout
        replies = ReplyList(self.redis, self.tenant)
        command = Command(
            operation, params, payload, new_id() if id is None else id, correlation_id, replies.key, dry_run
        )
        self.send(command)
        while (left := deadline - time.monotonic()) > 0:
            outcome = self._take_or_ask_again(replies, command, left)
            if outcome is not None:
                return outcome
        raise OutcomeTimeout(command.id, timeout)

    def _take_or_ask_again(self, replies: ReplyList, command: Command, seconds: float) -> Outcome | None:
        try:
            return replies.take(seconds)
        except ConnectionLost:
            pause_after_loss(seconds)
        try:
            self.send(command)
        except SubmitFailed as error:
            if isinstance(error.__cause__, REFUSED):
                raise
            pause_after_loss(seconds)  # Redis is still away: the next round asks again
        return None

    def _chunks(self, commands: Iterable[Command]) -> Iterator[list[_Written]]:
        chunk: list[_Written] = []
        size = 0
        for command in commands:
            written = command.to_json(self.tenant, self._authorization)
            if chunk and (len(chunk) == _CHUNK_COMMANDS or size + len(written) > _CHUNK_BYTES):
                yield chunk
                chunk, size = [], 0
            chunk.append((command, written))
            size += len(written)
        if chunk:
            yield chunk

    def _send_chunk(self, chunk: list[_Written]) -> list[Submitted]:
        commands = [command for command, _ in chunk]
        try:
            with answers_kept_apart(self.redis):
                count = self.partitions
                partitions = [partition_of(command, self.tenant, count) for command in commands]
                # One command needs no MULTI: XADD is all or nothing by itself.
                with self.redis.pipeline(transaction=len(chunk) > 1) as pipeline:
                    for partition, (_, written) in zip(partitions, chunk, strict=True):
                        pipeline.xadd(stream_of(partition), {"command": written})
                    stream_ids = pipeline.execute()
        except (RedisError, OSError) as error:  # the latter where no file can be opened any more
            raise SubmitFailed([command.id for command in commands], type(error).__name__) from error
        return [
            Submitted(command.id, partition, stream_id.decode() if isinstance(stream_id, bytes) else stream_id)
            for command, partition, stream_id in zip(commands, partitions, stream_ids, strict=True)
        ]

    def close(self) -> None:
        """Close the connections, unless `redis` was the caller's."""
        if self._owns_redis:
            self.redis.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
