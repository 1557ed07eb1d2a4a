import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import Credentials, read_command

GOOD = {
    "id": "1",
    "operation": "subscriber.get",
    "tenant": "acme",
    "authorization": "Basic b21zOnMzY3JldA==",
    "params": {"msisdn": "1"},
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([*GOOD, "payload", "correlationId", "replyTo", "dryRun", "x"])
FAULTY_HEADERS = (
    *(None, 1, "", "Basic", "Basic x", "basic b21zOnM="),
    *("Basic b21zOnM", "Basic b21zOnN=", "Basic b21zOnM=\n", "Basic b21zOnM= "),
)


def read(command: Any) -> Any:
    raw = json.dumps(command).encode()
    return read_command(raw, len(raw))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=60))
def test_bytes_of_any_kind_are_a_command_with_a_fault(raw: bytes) -> None:
    assert read_command(raw, len(raw)).fault is not None


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.dictionaries(NAMES, ANYTHING, max_size=4), st.sets(NAMES, max_size=2))
def test_members_of_any_kind_are_read_or_refused_but_never_raise(members: dict[str, Any], without: set[str]) -> None:
    sent = {name: value for name, value in (GOOD | members).items() if name not in without}
    command = read(sent)
    for read_name, name in ((command.id, "id"), (command.tenant, "tenant"), (command.request.operation, "operation")):
        assert read_name is None or read_name == sent.get(name)
    assert command.subject in (None, "subscribers/1") or command.request.operation != "subscriber.get"
    assert command.reply_to is None or command.reply_to.startswith(f"spcm:replies:{command.tenant}:")


def test_what_is_good_is_read_whole() -> None:
    command = read(GOOD | {"correlationId": "c", "replyTo": "spcm:replies:acme:x", "dryRun": True, "payload": {}})
    assert command.fault is None
    assert command.credentials == Credentials("acme", "oms", "s3cret")
    assert (command.id, command.correlation_id, command.reply_to, command.dry_run) == (
        "1",
        "c",
        "spcm:replies:acme:x",
        True,
    )
    assert command.subject == "subscribers/1"


@pytest.mark.parametrize("password", ["", ":", "a:b", "é😀", "\0", " ", "x" * 1000])
def test_a_password_is_all_after_the_first_colon(password: str) -> None:
    encoded = base64.b64encode(f"oms:{password}".encode()).decode()
    assert read(GOOD | {"authorization": f"Basic {encoded}"}).credentials == Credentials("acme", "oms", password)


@pytest.mark.parametrize("header", FAULTY_HEADERS)
def test_a_faulty_header_is_no_fault_of_the_envelope(header: Any) -> None:
    command = read(GOOD | {"authorization": header})
    assert (command.credentials, command.fault) == (None, None)


def test_no_password_is_shown_where_credentials_are_printed() -> None:
    command = read(GOOD)
    assert "s3cret" not in repr(command.credentials)
    assert "s3cret" not in repr(command)
