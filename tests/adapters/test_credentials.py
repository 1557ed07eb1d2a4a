"""What a process remembers of credentials, and what counts as a guess."""

from sqlalchemy import Engine

from adapters.credentials import FAILURES_A_MINUTE, Authenticator, look_up
from adapters.users import add_tenant, add_user, set_password
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


def test_one_wrong_password_sent_again_and_again_counts_each_time(engine: Engine) -> None:
    gate = Gate(engine)
    told = [gate.ask("wrong") for _ in range(FAILURES_A_MINUTE + 1)]
    assert told == [Unauthenticated] * FAILURES_A_MINUTE + [Overloaded]
