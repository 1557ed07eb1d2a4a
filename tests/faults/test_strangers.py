"""Strangers who guess passwords, and users whose rights change under load."""

from collections.abc import Callable

import pytest

from adapters.database import make_engine
from adapters.users import set_password, set_permissions
from domain.permissions import Permission
from tests.contract.installation import basic
from tests.faults.evidence import Told
from tests.faults.lab import Lab
from tests.faults.ledger import Draft
from tests.faults.load import CANARY, USER, command, draft, password_of
from tests.faults.worker import Worker

MANY = 3000


@pytest.fixture(scope="module")
def lab(make_lab: "Callable[..., Lab]") -> Lab:
    return make_lab()


@pytest.fixture(scope="module")
def worker(lab: Lab) -> Worker:
    return lab.start_worker()


def good(prefix: str, count: int, tenant: str = "bolt") -> list[Draft]:
    return [
        draft(command(tenant, "fault.count", f"{prefix}-{number}", params={"msisdn": f"07{number % 100}"}))
        for number in range(count)
    ]


def guess(number: int) -> Draft:
    members = command("acme", "fault.count", f"guess-{number}", params={"msisdn": f"07{number % 100}"})
    return draft(members | {"authorization": basic(USER, f"{CANARY}guess-{number}")}, "stranger")


def seconds_until_told(lab: Lab, prefix: str) -> float:
    """From the first of these commands in its stream to the last of their outcomes."""
    told = [each for each in lab.evidence().told if each.event.get("commandid", "").startswith(prefix)]
    return (max(told_at(each) for each in told) - min(each.entry[1] for each in told)) / 1000


def told_at(told: Told) -> int:
    return int(told.stream_id.split("-")[0])


def test_the_next_batch_obeys_a_change_of_password_or_rights(lab: Lab, worker: Worker) -> None:
    engine = make_engine(lab.database)

    def ask(command_id: str, password: str) -> int:
        login = basic(USER, password)
        members = command("cove", "subscriber.get", command_id, params={"msisdn": "0799"}, authorization=login)
        lab.send(draft(members, "elsewhere"))
        lab.settle()
        told = (e.event for e in lab.evidence().told)
        return int(next(event["status"] for event in told if event.get("commandid") == command_id))

    assert ask("right-1", password_of("cove")) == 404
    with engine.begin() as connection:
        set_password(connection, "cove", USER, f"{CANARY}new")
    assert ask("right-2", password_of("cove")) == 401
    assert ask("right-3", f"{CANARY}new") == 404
    with engine.begin() as connection:
        set_permissions(connection, "cove", USER, set(Permission) - {Permission.SUBSCRIBER_READ})
    assert ask("right-4", f"{CANARY}new") == 403
    engine.dispose()


def test_a_remembered_credential_passes_while_strangers_guess(lab: Lab, worker: Worker) -> None:
    for number in range(10):  # until each process has seen it
        lab.send(*good(f"known-{number}", 50, "acme"))
        lab.settle()
    lab.send(*[guess(MANY + number) for number in range(100)], *good("still", 20, "acme"))
    evidence = lab.verify()
    statuses = [each.event["status"] for each in evidence.told if each.event.get("commandid", "").startswith("still-")]
    assert statuses == [404] * 20


def test_guesses_are_throttled_and_commands_of_others_go_on_beside_them(lab: Lab, worker: Worker) -> None:
    lab.send(*good("warm", 200))
    lab.settle()
    lab.send(*good("alone", MANY))
    lab.settle()
    both = [each for pair in zip(good("among", MANY), map(guess, range(MANY)), strict=True) for each in pair]
    lab.send(*both)
    evidence = lab.verify()
    alone, among = seconds_until_told(lab, "alone"), seconds_until_told(lab, "among")
    print(f"{MANY} commands alone {alone:.2f} s, among as many wrong passwords {among:.2f} s")
    # How long is told, not judged; what keeps it short is that a process hashes ten wrong passwords and no more.
    statuses: dict[str, set[int]] = {"alone": set(), "among": set(), "guess": set()}
    for each in evidence.told:
        if (begin := each.event.get("commandid", "").split("-")[0]) in statuses:
            statuses[begin].add(each.event["status"])
    assert statuses["among"] == statuses["alone"]
    assert statuses["guess"] <= {401, 503}
    guesses = [each.event["status"] for each in evidence.told if each.event.get("commandid", "").startswith("guess-")]
    assert guesses.count(401) <= 2 * 10, "throttled, in each process for itself"
