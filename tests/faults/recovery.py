"""How long partitions stood still after faults, from nothing but what was sent and told, and when."""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.faults.evidence import Told
from tests.faults.ledger import place_of


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, in milliseconds since 1970."""

    name: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Recovery:
    """From a fault's end until the last partition told an outcome again, in seconds."""

    fault: Fault
    seconds: float


def recoveries(faults: Sequence[Fault], told: Iterable[Told]) -> list[Recovery]:
    """Of each fault. A partition that had not recovered when the next fault began counts from that one's end.

    A partition that had nothing to do stood still for no reason of ours: its time begins when a command came.
    """
    moments: dict[int, list[tuple[int, int]]] = defaultdict(list)  # by partition: when told, and when it was sent
    for each in told:
        partition, sent, _ = each.entry
        moments[partition].append((place_of(each.stream_id)[0], sent))
    for of_partition in moments.values():
        of_partition.sort()
    found = []
    for fault, following in zip(faults, [*faults[1:], None], strict=True):
        waits = []
        for of_partition in moments.values():
            at = bisect.bisect_left(of_partition, (fault.ended, 0))
            if at < len(of_partition):
                when, sent = of_partition[at]
                if following is None or when <= following.began:
                    waits.append(when - max(fault.ended, sent))
        if waits:
            found.append(Recovery(fault, max(0.0, *waits) / 1000))
    return found
