"""A list to which workers push outcomes for one caller (the contract's `replyTo`)."""

import uuid

from redis import Redis

from spcm_client.connections import execute_once, longest_block
from spcm_client.errors import ConnectionLost
from spcm_client.outcomes import Outcome


class ReplyList:
    """A reply list under a new name. Redis removes it 300 s after the last push; nothing has to be cleaned up."""

    def __init__(self, redis: Redis, tenant: str) -> None:
        self._redis = redis
        self._longest_block = longest_block(redis)
        self.key = "".join(("spcm:replies:", tenant, ":", str(uuid.uuid4())))  # of an Enum too, as in JSON

    def take(self, seconds: float) -> Outcome | None:
        """The next outcome; None where none came within `seconds`, or within the longest time a read may block.

        Raises `ConnectionLost`: an outcome may have been taken from the list and lost on its way. Whoever waits asks
        for it again by sending the same command again.
        """
        # Redis takes 0 for "for ever".
        answer = execute_once(self._redis, "BLPOP", self.key, max(0.001, min(seconds, self._longest_block)))
        if answer is None:
            return None
        if not isinstance(answer, list) or answer[0] != self.key.encode():
            # redis-py hands out connections of a caller's client on which the answer to an interrupted request is
            # still to be read; from then on each answer on it is the one to the request before.
            self._redis.connection_pool.disconnect(inuse_connections=False)
            raise ConnectionLost("Redis answered another request")
        return Outcome.from_json(answer[1])

    def take_now(self) -> Outcome | None:
        """The next outcome if it is there already. Raises `ConnectionLost`, as `take`."""
        answer = execute_once(self._redis, "LPOP", self.key)
        return None if answer is None else Outcome.from_json(answer)
