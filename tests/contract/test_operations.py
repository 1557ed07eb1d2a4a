"""Every operation of the reference, with each status that it can have."""

from typing import Any

import pytest

from domain.catalog import OPERATIONS
from tests.contract.described import BULKS, DESCRIBED
from tests.contract.expectations import Asked, bad_request, check, invalid
from tests.contract.installation import Sender
from tests.contract.scene import set_up
from tests.promises import MESSAGES, PROMISED


def test_every_operation_has_cases() -> None:
    assert not BULKS & set(DESCRIBED)
    assert set(OPERATIONS) == BULKS | set(DESCRIBED)


@pytest.mark.parametrize("name", DESCRIBED)
def test_an_operation_has_each_of_its_statuses(sender: Sender, name: str) -> None:
    set_up(sender)
    described = DESCRIBED[name]
    # None of these changes anything, so afterwards it still succeeds.
    check(sender, [*_bad_params(sender, name), *_bad_payloads(sender, name), *_refusals(sender, name)])
    command = sender.command(name, described.payload, params=described.params)
    expected = {"status": described.status, "data": described.data, "subject": described.subject}
    nothing = {"reason": None, "retryable": None, "replayed": None, "dryrun": None}
    check(sender, [Asked("success", command, {**expected, "type": f"spcm.{name}.completed", **nothing})])


def _bad_params(sender: Sender, name: str) -> list[Asked]:
    described = DESCRIBED[name]
    good = dict(described.params)
    bad: list[Any] = [None, [], "x", 1, True, good | {"no": 1}, good | {"no": None}]
    for param, value in good.items():
        wrong: list[Any] = [[], {}, True, 1.5]
        wrong += ["1", 2**53, -(2**53), 1e300] if isinstance(value, int) else [1, "", "\0", f"{value}\0", f"{value}\n"]
        bad += [good | {param: each} for each in wrong]
        if name != "subscriber.search":
            bad += [{other: good[other] for other in good if other != param}, good | {param: None}]
    for param, value in described.optional.items():
        wrong = [[], {}, 1, "\0", "true" if value is True else ""]
        bad += [good | {param: each} for each in wrong]
    if name == "subscriber.search":
        bad += [{}, {"imsi": "1", "imei": "01234567890129"}, {"imsi": None, "imei": None}, {"imei": "1" * 13}]
    return [
        Asked(f"params {params!r}", _command(sender, name, params=params), bad_request() | {"subject": None})
        for params in bad
    ]


def _bad_payloads(sender: Sender, name: str) -> list[Asked]:
    described = DESCRIBED[name]
    about = {"subject": described.about}
    bad: list[Any] = [None, [], "x", 1, False]
    cases = [_command(sender, name, payload=payload) for payload in bad]
    stranger = _command(sender, name, authorization="Bearer x")
    asked = [Asked("401", stranger, {"status": 401, "reason": "bad-credentials", "retryable": False, **about})]
    if described.payload is None:
        cases.append(_command(sender, name, payload={"x": 1}))
    else:
        cases.append(sender.command(name, params=described.params))
        unknown = _command(sender, name, payload={**described.payload, "No.": 1})
        asked.append(Asked("412", unknown, invalid(("No.", "No. is not a known field")) | about))
    return asked + [Asked(f"payload {case.get('payload', '')!r}", case, bad_request() | about) for case in cases]


def _refusals(sender: Sender, name: str) -> list[Asked]:
    """404, 409, 422."""
    described = DESCRIBED[name]
    asked = []
    for refusal in described.refusals:
        members: dict[str, Any] = {}
        if refusal.params is not None:
            members["params"] = refusal.params
        if refusal.payload is not None:
            members["payload"] = refusal.payload
        elif refusal.params is not None and "msisdn" in (described.payload or {}):
            members["payload"] = {**(described.payload or {}), "msisdn": refusal.params["msisdn"]}
        expected = {"status": refusal.status, "reason": refusal.reason, "retryable": False}
        if refusal.params is None:
            expected["subject"] = described.about
        if refusal.reason in MESSAGES:
            body = {"errorCode": PROMISED[refusal.reason][1]} if refusal.status == 422 else {"status": "error"}
            expected["data"] = {"message": MESSAGES[refusal.reason], **body}
        expected["type"] = f"spcm.{name}.rejected"
        asked.append(Asked(str(refusal), _command(sender, name, **members), expected))
    return asked


def _command(sender: Sender, name: str, **members: Any) -> dict[str, Any]:
    """A good command of the operation, but for the members given."""
    described = DESCRIBED[name]
    payload = {} if described.payload is None else {"payload": described.payload}
    return sender.command(name) | {"params": described.params} | payload | members
