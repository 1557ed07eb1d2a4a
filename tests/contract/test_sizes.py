"""How large a command may be: docs/contract.md, sections 1 and 3."""

import json
from typing import Any

from tests.contract.expectations import Asked, bad_request, check
from tests.contract.installation import Sender

KIB = 1024
MIB = 1024 * KIB


def test_64_kib_is_taken_and_one_byte_more_is_not(sender: Sender) -> None:
    command = sender.command("provisionProfile.create", {"name": "x", "defaultProfile": False})
    largest = _padded(command, 64 * KIB)
    multibyte = _padded(command | {"correlationId": "é" * 10, "id": "b"}, 64 * KIB)
    own = {"tenant": sender.tenant, "operation": "provisionProfile.create", "commandid": command["id"]}
    check(
        sender,
        [
            Asked("one byte more", largest + b" ", bad_request("command-too-large") | own),
            Asked("much more", _padded(command, 4 * MIB), bad_request("command-too-large") | own),
            Asked("exactly", largest, {"status": 201}),
            Asked("bytes count, not characters", multibyte, {"status": 409}),
            Asked("and not more of those", multibyte + b" ", bad_request("command-too-large") | {"commandid": "b"}),
        ],
    )


def test_above_4_mib_nothing_is_read(sender: Sender) -> None:
    nobody = {"tenant": None, "source": "/spcm", "commandid": None, "type": "spcm.unknown.rejected"}
    command = sender.command("provisionProfile.create", {"name": "x", "defaultProfile": False})
    check(
        sender,
        [
            Asked("4 MiB and a byte", _padded(command, 4 * MIB + 1), bad_request("command-too-large") | nobody),
            Asked("not even JSON", b"x" * (4 * MIB + 1), bad_request("command-too-large") | nobody),
            Asked("64 MiB", b"x" * 64 * MIB, bad_request("command-too-large") | nobody),
            Asked("and then a good one", command, {"status": 201}),
        ],
    )


def test_the_size_is_judged_before_what_is_asked(sender: Sender) -> None:
    large = 64 * KIB + 1
    too_large = bad_request("command-too-large")
    command = sender.command("subscriber.get", params={"msisdn": "1"})
    check(
        sender,
        [
            Asked("not JSON is not JSON", b"x" * large, bad_request()),
            Asked("wrong password", _padded(command | {"authorization": "x"}, large), too_large),
            Asked("unknown operation", _padded(command | {"operation": "a.b"}, large), too_large),
            Asked("a large value", _raw(sender.command("provisionProfile.create", {"name": "x" * large})), too_large),
        ],
    )


def _raw(command: dict[str, Any]) -> bytes:
    return json.dumps(command, ensure_ascii=False).encode()


def _padded(command: dict[str, Any], size: int) -> bytes:
    """With white space between its members, so that it has exactly so many bytes."""
    raw = _raw(command)
    return raw[:1] + b" " * (size - len(raw)) + raw[1:]
