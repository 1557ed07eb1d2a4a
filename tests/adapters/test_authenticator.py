"""What a process remembers of credentials, and what counts as a guess."""

from typing import Any

import pytest
from sqlalchemy import Engine

from adapters.authenticator import FAILURES_A_MINUTE, Authenticator
from adapters.directory import Account, Directory, look_up
from adapters.tenants import add_tenant
from adapters.users import add_user, set_password
from domain.commands import Credentials
from domain.errors import Overloaded, Refused, Unauthenticated
from domain.permissions import Permission, Principal


class Gate:
    """A tenant with the user `oms`, and what is answered to their passwords."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.authenticator = Authenticator()
        with engine.begin() as connection:
            add_tenant(connection, "acme")
            add_user(connection, "acme", "oms", "first", Permission)

    def change_to(self, password: str) -> None:
        with self.engine.begin() as connection:
            set_password(connection, "acme", "oms", password)

    def ask(self, password: str) -> type[Principal | Refused]:
        with self.engine.connect() as connection:
            directory = look_up(connection, {("acme", "oms")})
        return type(self.authenticator.verify(Credentials("acme", "oms", password), directory))


def test_who_goes_on_sending_the_old_password_does_not_guess(engine: Engine) -> None:
    gate = Gate(engine)
    assert gate.ask("first") is Principal
    gate.change_to("second")
    assert {gate.ask("first") for _ in range(3 * FAILURES_A_MINUTE)} == {Unauthenticated}
    assert gate.authenticator.hashed == 2, "once for each version of the user's row"
    assert gate.ask("second") is Principal


def test_a_password_that_comes_back_is_right_again(engine: Engine) -> None:
    gate = Gate(engine)
    told = [gate.ask("first")]
    for password in ("second", "first"):
        gate.change_to(password)
        told.append(gate.ask("first"))
    assert told == [Principal, Unauthenticated, Principal]


def test_who_sends_the_old_password_is_not_taken_for_those_who_guess(engine: Engine) -> None:
    gate = Gate(engine)
    assert gate.ask("first") is Principal
    for _ in range(FAILURES_A_MINUTE):
        gate.ask("wrong")
    gate.change_to("second")
    assert [gate.ask(password) for password in ("first", "wrong")] == [Unauthenticated, Overloaded]


def test_one_wrong_password_sent_again_and_again_counts_each_time(engine: Engine) -> None:
    gate = Gate(engine)
    told = [gate.ask("wrong") for _ in range(FAILURES_A_MINUTE + 1)]
    assert told == [Unauthenticated] * FAILURES_A_MINUTE + [Overloaded]


DIRECTORY = Directory({"acme"}, {("acme", f"u{n}"): Account("hash", f"v{n}", set()) for n in range(20)})


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The hashes with which passwords were compared; `right` is everybody's."""
    compared: list[str | None] = []

    def verify(password_hash: str | None, password: str) -> bool:
        compared.append(password_hash)
        return password_hash is not None and password == "right"

    monkeypatch.setattr("adapters.authenticator.verify_password", verify)
    return compared


def ask(authenticator: Authenticator, user: str, password: str = "wrong", tenant: str = "acme") -> Any:
    return authenticator.verify(Credentials(tenant, user, password), DIRECTORY)


def test_who_is_nobody_waits_for_a_hash_as_a_user_does(hashed: list[str | None]) -> None:
    authenticator = Authenticator()
    ask(authenticator, "u1")
    ask(authenticator, "nobody")
    ask(authenticator, "u1", tenant="nowhere")
    assert hashed == ["hash", None, None]


def test_many_names_of_nobody_cost_few_hashes(hashed: list[str | None]) -> None:
    authenticator = Authenticator()
    for n in range(100):
        ask(authenticator, f"nobody-{n}")
        ask(authenticator, "u1", tenant=f"nowhere-{n}")
    assert authenticator.hashed == len(hashed) == 2 * FAILURES_A_MINUTE


def test_one_name_of_nobody_is_told_what_a_user_is_told(hashed: list[str | None]) -> None:
    for name in ("u1", "nobody"):
        authenticator = Authenticator()
        told = [type(ask(authenticator, name)) for _ in range(FAILURES_A_MINUTE + 1)]
        assert told == [Unauthenticated] * FAILURES_A_MINUTE + [Overloaded]


def test_a_minute_later_a_user_may_try_again_as_often(
    hashed: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("adapters.authenticator.time.monotonic", lambda: now[0])
    authenticator = Authenticator()
    for _ in range(3):
        told = [type(ask(authenticator, "u1")) for _ in range(FAILURES_A_MINUTE + 2)]
        assert told == [Unauthenticated] * FAILURES_A_MINUTE + [Overloaded] * 2
        now[0] += 61
    assert isinstance(ask(authenticator, "u1", "right"), Principal)


def test_what_is_remembered_has_bounds(hashed: list[str | None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.authenticator.REMEMBERED", 5)
    monkeypatch.setattr("adapters.authenticator.STRANGERS", 5)
    authenticator = Authenticator()
    for n in range(20):
        ask(authenticator, f"u{n}", "right")
        ask(authenticator, f"nobody-{n}")
        ask(authenticator, "x" * 1_000_000 + str(n))
    assert len(authenticator._remembered) == len(authenticator._failures_of_strangers._times) == 5
    assert all(len(name or "") < 300 for _, name in authenticator._failures_of_strangers._times)


def test_the_least_used_is_forgotten_first(hashed: list[str | None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.authenticator.REMEMBERED", 2)
    authenticator = Authenticator()
    for user in ("u1", "u2", "u1", "u3"):
        ask(authenticator, user, "right")
    assert authenticator.hashed == 3
    ask(authenticator, "u1", "right")
    assert authenticator.hashed == 3
    ask(authenticator, "u2", "right")
    assert authenticator.hashed == 4
