"""A load: commands of several tenants, mixed from one seed, and the publisher that sends them."""

import json
import random
import threading
import time
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import redis

from adapters.keys import command_stream
from adapters.redis_client import connect
from tests.contract.installation import basic
from tests.faults.ledger import Draft, Kind, Ledger

PARTITIONS = 8
TENANTS = ("acme", "bolt", "cove")
USER = "oms"
CANARY = "canary-never-to-be-told-"
WORDS = ("gold", "silver", "bronze")


def password_of(tenant: str) -> str:
    return f"{CANARY}{tenant}"


def partition_of(tenant: str, key: str) -> int:
    return crc32(f"{tenant}:{key}".encode()) % PARTITIONS


def command(tenant: str, operation: str, command_id: str, **members: Any) -> dict[str, Any]:
    """A command of the tenant's own user; `members` may replace what it has."""
    login = basic(USER, password_of(tenant))
    return {"id": command_id, "operation": operation, "tenant": tenant, "authorization": login, **members}


def draft(members: dict[str, Any], kind: Kind = "good", *, partition: int | None = None) -> Draft:
    """The command in the partition that the contract's rule gives it, unless another is named."""
    key = members.get("params", {}).get("msisdn", "catalog")
    raw = json.dumps(members).encode()
    return Draft(partition_of(members["tenant"], key) if partition is None else partition, raw, kind)


class Load:
    """Commands without end; the same for the same seed. `numbers` is how many subscribers a tenant may have."""

    def __init__(self, seed: int, *, numbers: int = 150, tenants: Sequence[str] = TENANTS) -> None:
        self._random = random.Random(seed)
        self._seed = seed
        self._numbers = numbers
        self._tenants = tenants
        self._made = 0
        self._earlier: list[Draft] = []

    def take(self, count: int) -> list[Draft]:
        return [self._next() for _ in range(count)]

    def _next(self) -> Draft:
        dice = self._random.random()
        if dice < 0.05 and self._earlier:
            return self._random.choice(self._earlier)
        if dice < 0.07:
            return self._bad()
        made = draft(self._good())
        if len(self._earlier) < 500 or dice < 0.2:
            self._earlier[len(self._earlier) % 500 :] = [made]
        return made

    def _good(self) -> dict[str, Any]:
        tenant = self._random.choice(self._tenants)
        msisdn = f"08{self._random.randrange(self._numbers):06d}"
        operation = self._random.choices(
            ("subscriber.create", "subscriber.update", "fault.count", "subscriber.get", "subscriber.delete"),
            (30, 20, 30, 12, 8),
        )[0]
        members = command(tenant, operation, self._id(), params={"msisdn": msisdn})
        if operation == "subscriber.create":
            members["payload"] = {"msisdn": msisdn, "imsi": msisdn, "tag": self._random.choice(WORDS)}
        elif operation == "subscriber.update":
            members["payload"] = {"class": self._random.choice(WORDS), "qosCategoryName": self._id()}
        if self._random.random() < 0.03:
            members["dryRun"] = True
        return members

    def _bad(self) -> Draft:
        members = self._good()
        kind = self._random.choice(("stranger", "garbage", "unreadable"))
        if kind == "stranger":
            wrong = basic(USER, f"{CANARY}wrong-{self._made}")
            return draft(members | {"authorization": wrong}, "stranger")
        if kind == "garbage":
            return draft(members | {"surprise": self._made}, "garbage")
        raw = self._random.choice((b"", b"null", b"[]", b"7", b"{", b"\xff\xfe", b'{"id":1,"id":2}', b"\xef\xbb\xbf{}"))
        return Draft(self._random.randrange(PARTITIONS), raw, "unreadable")

    def _id(self) -> str:
        self._made += 1
        return f"s{self._seed}-{self._made}"


class Publisher:
    """Sends drafts and keeps the ledger; what it had no answer for it sends again, as the contract lets it."""

    def __init__(self, url: str, ledger: Ledger) -> None:
        self._client = connect(url, timeout=2.0)
        self._ledger = ledger
        self.refused = 0

    def send(self, drafts: Sequence[Draft]) -> bool:
        """Whether all were answered. What Redis refuses (it is full) is not sent, and counted."""
        pipeline = self._client.pipeline(transaction=False)
        for each in drafts:
            pipeline.xadd(command_stream(each.partition), {"command": each.raw})
        try:
            answers = pipeline.execute(raise_on_error=False)
        except (redis.RedisError, OSError):
            answers = [None] * len(drafts)
        unanswered = []
        for each, answer in zip(drafts, answers, strict=True):
            if isinstance(answer, bytes):
                self._ledger.accept(each, answer.decode())
            elif isinstance(answer, redis.ResponseError):
                self.refused += 1
            else:
                unanswered.append(each)
                self._ledger.doubt(each)
        self._again = unanswered
        return not unanswered

    def insist(self, drafts: Sequence[Draft], *, within: float = 60.0) -> None:
        """Send them until Redis has answered for each."""
        deadline = time.monotonic() + within
        while not self.send(drafts):
            assert time.monotonic() < deadline, "Redis does not answer the publisher"
            drafts = self._again
            time.sleep(0.1)

    def close(self) -> None:
        self._client.close()


class Running:
    """A publisher on a thread of its own, at so many commands a second, until stopped."""

    def __init__(self, url: str, ledger: Ledger, load: Load, rate: int) -> None:
        self.publisher = Publisher(url, ledger)
        self._load = load
        self._rate = rate
        self._stopping = threading.Event()
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, daemon=True, name="publisher")
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(70)
        self.publisher.close()
        assert not self._thread.is_alive(), "the publisher did not end"
        for error in self._failed:
            raise error

    def _run(self) -> None:
        tick = 0.1
        try:
            while not self._stopping.is_set():
                began = time.monotonic()
                self.publisher.insist(self._load.take(max(1, int(self._rate * tick))))
                self._stopping.wait(max(0.0, tick - (time.monotonic() - began)))
        except AssertionError as error:
            self._failed.append(error)
