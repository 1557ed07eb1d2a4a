"""The schema's history, by Alembic; on both engines, each step in one transaction."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

from adapters.tables import metadata

_TABLES = set(metadata.tables)


class NotReady(Exception):
    """Raised when the installation cannot execute commands until somebody does what the words say."""


def migrate(engine: Engine) -> None:
    """Bring the database to the newest schema; what is there stays. Raises NotReady where that cannot be done."""
    config = _config()
    with engine.begin() as connection:
        _require_all_characters(connection)
        if connection.dialect.name == "postgresql":
            # Two that migrate at once: the second waits, and finds it done.
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            # It may be the machine that is slow, and no partition waits for us.
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = '60s'")
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('spcm-migrations'))")
        if _revision(connection) is None and (strange := set(inspect(connection).get_table_names()) & _TABLES):
            raise NotReady(f"the database has a table {min(strange)} that is not SPCM's: name another database")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(connection: Connection) -> None:
    """Raises NotReady where the database has not the schema that this version of the program needs."""
    _require_all_characters(connection)
    if _revision(connection) != newest():
        raise NotReady("the database is not at this version's schema: run `spcm migrate`")


def _require_all_characters(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            raise NotReady(f"the database has the encoding {encoding}, which lacks characters: make one with UTF8")


def newest() -> str | None:
    """The newest schema's name."""
    return _scripts().get_current_head()


def _revision(connection: Connection) -> str | None:
    """The database's schema. Raises NotReady where a newer version made it."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is not None and revision not in {script.revision for script in _scripts().walk_revisions()}:
        raise NotReady(
            f"the database has schema {revision} of a newer version of SPCM: install that version, or restore a backup"
        )
    return revision


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
