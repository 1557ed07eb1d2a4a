"""`spcm migrate`."""

from cli.installation import engine_of, make_data_folder, settings_in, without_password
from cli.options import DataFolder


def migrate(data: DataFolder = None) -> None:
    """Bring the database to the newest schema; what is in it stays."""
    from adapters.migrations import migrate as bring_to_newest
    from adapters.migrations import newest
    from cli.terminal import screen

    chosen = settings_in(data)
    if not chosen.database_url:
        make_data_folder(chosen)
    with engine_of(chosen) as engine:
        bring_to_newest(engine)
    screen().print(f"{without_password(chosen.database)} is at the newest schema, {newest()}", soft_wrap=True)
