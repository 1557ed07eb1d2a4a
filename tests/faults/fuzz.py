"""Entries of every kind of nonsense, straight through a batch: one outcome each, and never a 500.

    python -m tests.faults.fuzz --entries 100000 --seed 1

What was found once is in corpus.jsonl, a JSON string a line whose characters are the entry's bytes, and is tried by
the tests ever after.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from domain.catalog import OPERATIONS
from domain.fields import Fields
from domain.validation import members
from tests.contract.installation import basic
from tests.faults.load import TENANTS, USER, password_of
from tests.faults.lone_partition import LonePartition

CORPUS = Path(__file__).parent / "corpus.jsonl"
A_BATCH = 50


WORDS = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Nd"]), max_size=5),
    st.sampled_from(["", "1", "08", "0871234567", "+1", "٣", "1\n", "\x00", "a" * 256, "true", "1day", "ja_JP"]),
)
NUMBERS = st.one_of(
    st.integers(),
    st.sampled_from([0, -1, 1, 31, 32, 2**53 - 1, 2**53, 2**63, 2**64, 10**5000]),
    st.floats(allow_nan=True, allow_infinity=True),
)
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


GOOD: dict[str, Any] = {
    "msisdn": "08",
    "id": 1,
    "planDefinitionId": 1,
    "pccProfileId": 1,
    "name": "n",
    "defaultProfile": False,
    "unitAmount": "1",
    "unitMeteringType": "TIME",
    "validityPeriod": {"validityPeriod": "1day"},
    "alias": "a",
    "threshold": True,
    "precedence": 1,
    "imsi": "1",
    "filter": {"tag": "t"},
    "subscriber": {"zone": "z"},
    "items": [{"operation": "subscriber.get", "params": {"msisdn": "08"}}],
}
"""A value of its form for each member that an operation needs."""


@st.composite
def _members(draw: st.DrawFn, model: type[Fields] | None) -> Any:
    """An object for the model, a few of its members junk; now and then junk instead."""
    names = list(members(model)) if model else []
    made: Any = {name: GOOD[name] for name in names if name in GOOD and (name != "id" or len(names) == 1)}
    for name in draw(st.lists(st.sampled_from([*names, "surprise"]), max_size=2)):
        made[name] = draw(JUNK)
    return draw(JUNK) if draw(st.integers(0, 9)) == 9 else made


@st.composite
def envelopes(draw: st.DrawFn) -> bytes:
    """A command with something wrong with it, perhaps."""
    operation = OPERATIONS[draw(st.sampled_from(sorted(OPERATIONS)))]
    tenant = draw(st.sampled_from(TENANTS[:2]))
    members: dict[str, Any] = {
        "id": draw(st.sampled_from(["1", "2"]) | st.uuids().map(str) | st.uuids().map(str)),
        "operation": operation.name,
        "tenant": tenant,
        "authorization": basic(USER, password_of(tenant)),
        "params": draw(_members(operation.params)),
        "payload": draw(_members(operation.payload)),
    }
    if operation.payload is None:
        del members["payload"]
    if draw(st.integers(0, 3)) == 3:
        for name in draw(st.lists(st.sampled_from([*members, "correlationId", "replyTo", "dryRun", "x"]), max_size=2)):
            members[name] = draw(JUNK | st.booleans() | st.just(f"spcm:replies:{tenant}:x"))
        members.pop(draw(st.sampled_from(sorted(members))))
    return json.dumps(members, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An envelope to whose bytes something was done."""
    raw = draw(envelopes())
    at = draw(st.integers(0, len(raw)))
    return raw[:at] + draw(st.binary(max_size=4)) + raw[at + draw(st.integers(0, 4)) :]


ENTRIES = st.lists(
    st.one_of(*[envelopes()] * 3, damaged(), JUNK.map(lambda value: json.dumps(value).encode()), st.binary()),
    min_size=A_BATCH // 2,
    max_size=A_BATCH,
)


def corpus() -> list[bytes]:
    return [json.loads(line).encode("latin-1") for line in CORPUS.read_text().splitlines()]


def fuzz(partition: LonePartition, entries: int, number: int) -> None:
    """Let the partition swallow so many entries, the same for the same seed."""

    @seed(number)
    @settings(
        max_examples=max(1, entries * 4 // (3 * A_BATCH)),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(ENTRIES)
    def swallow(raws: list[bytes]) -> None:
        partition.swallow(raws)

    sys.set_int_max_str_digits(0)  # for our own writing of 5,000 digits; what reads them has its own limit
    swallow()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Nonsense, straight through a batch.")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        began, at = time.monotonic(), LonePartition(Path(made))
        at.swallow(corpus())
        while (done := at.statuses.total()) < chosen.entries:
            fuzz(at, min(10_000, chosen.entries - done), chosen.seed + done)
            print(f"{at.statuses.total()} entries, {time.monotonic() - began:.0f} s, {dict(at.statuses)}", flush=True)
