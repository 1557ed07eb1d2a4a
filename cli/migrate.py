"""`spcm migrate`."""

from adapters.migrations import migrate as bring_to_newest
from adapters.migrations import newest
from cli.database import engine_of, without_password
from cli.installation import choose_settings, make_data_folder
from cli.options import DataFolder
from cli.terminal import screen


def migrate(data: DataFolder = None) -> None:
    """Bring the database to the newest schema; what is in it stays."""
    chosen = choose_settings(data)
    if not chosen.database_url:
        make_data_folder(chosen)
    with engine_of(chosen) as engine:
        bring_to_newest(engine)
    screen().print(f"{without_password(chosen.database)} is at the newest schema, {newest()}", soft_wrap=True)
