"""The passwords of a batch: how many are verified, and of whom."""

from typing import Any

import pytest
from sqlalchemy import Engine

from adapters.authenticator import FAILURES_A_MINUTE
from tests.bulk.desk import Desk, JsonObject, new_subscriber
from tests.contract.installation import basic


@pytest.fixture
def desk(sqlite_engine: Engine) -> Desk:
    return Desk(sqlite_engine)


def guess(desk: Desk, number: int, **members: Any) -> JsonObject:
    """A command with a password that is wrong, and nobody else's."""
    return desk.command("provisionProfile.list", authorization=basic("oms", f"wrong-{number}"), **members)


def test_a_batch_verifies_no_more_passwords_than_it_has_time_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.senders.MOST_NEW_PASSWORDS", 5)
    guesses = [guess(desk, number) for number in range(8)]
    assert [event["status"] for event in desk.run(*guesses)] == [401] * 5
    assert [event["status"] for event in desk.run(*guesses[5:])] == [401] * 3


def test_one_wrong_password_is_one_guess_in_a_batch(desk: Desk) -> None:
    events = desk.run(*(guess(desk, 1) for _ in range(2 * FAILURES_A_MINUTE)))
    assert [event["status"] for event in events] == [401] * 2 * FAILURES_A_MINUTE


def test_a_password_of_what_is_no_command_is_no_guess(desk: Desk) -> None:
    wrong = [guess(desk, number, unknown=number) for number in range(FAILURES_A_MINUTE)]
    events = desk.run(*wrong, desk.command(**new_subscriber("1")))
    assert [event["status"] for event in events] == [400] * FAILURES_A_MINUTE + [201]
