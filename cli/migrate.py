"""`spcm migrate`."""

from cli.installation import choose_settings, engine_of, make_data_folder, without_password
from cli.options import DataFolder


def migrate(data: DataFolder = None) -> None:
    """Bring the database to the newest schema; what is in it stays."""
    from adapters.migrations import migrate as bring_to_newest
    from adapters.migrations import newest
    from cli.terminal import screen

    chosen = choose_settings(data)
    if not chosen.database_url:
        make_data_folder(chosen)
    with engine_of(chosen) as engine:
        bring_to_newest(engine)
    screen().print(f"{without_password(chosen.database)} is at the newest schema, {newest()}", soft_wrap=True)
