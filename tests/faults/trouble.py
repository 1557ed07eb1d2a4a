"""Trouble that PostgreSQL itself makes, when told to."""

import contextlib
from collections.abc import Iterator

from tests.faults.lab import Lab

OURS = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'spcm'"

TROUBLE = """
create or replace function trouble() returns trigger language plpgsql as $$
begin
  if random() < {chance} then raise exception 'trouble' using errcode = '{state}'; end if;
  return new;
end $$
"""


def admin(lab: Lab, statement: str) -> None:
    assert lab.postgres is not None
    lab.postgres.execute(statement, database="spcm")


@contextlib.contextmanager
def trouble(lab: Lab, state: str, chance: float) -> Iterator[None]:
    """The server itself refuses so many of the journal's rows with this SQLSTATE."""
    admin(lab, TROUBLE.format(state=state, chance=chance))
    admin(lab, "create trigger trouble before insert on journal for each row execute function trouble()")
    try:
        yield
    finally:
        admin(lab, "drop trigger trouble on journal")
