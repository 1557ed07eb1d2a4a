import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from adapters.database import WrongDatabaseUrl, make_engine
from adapters.database import database_url as read_url


def test_what_is_wrong_with_a_statement_is_told_without_its_parameters(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection, pytest.raises(DBAPIError) as raised:
        connection.execute(text("select 1 form nothing where 1 = :number"), {"number": "canary"})
    assert "canary" not in str(raised.value)
    engine.dispose()


def test_a_password_with_an_at_is_no_part_of_a_host() -> None:
    with pytest.raises(WrongDatabaseUrl, match="%40") as raised:
        read_url("postgresql://spcm:pass@word@localhost/spcm")
    assert "word@" not in str(raised.value)
