"""The installation that a command is about: its settings, its data folder, its Redis."""

import os
from pathlib import Path

import redis

from adapters.settings import Settings, settings
from cli.problems import Problem
from spcm_client import read_partitions


def choose_settings(data: Path | None) -> Settings:
    """The settings, with this data folder if one is given, from now on in the environment. Raises WrongSetting."""
    if data is not None:
        os.environ["SPCM_DATA"] = str(data)  # for what this command starts, too
    return settings()


def make_data_folder(chosen: Settings) -> None:
    """The folder is there, if one is needed, and what it will hold can be read by its owner alone. Raises Problem."""
    if chosen.redis_url and chosen.database_url:
        return
    folder = chosen.data
    if folder.exists() and not folder.is_dir():
        raise Problem(f"the data folder {folder} is a file: name another with --data or SPCM_DATA")
    if not folder.is_dir() or not any(folder.iterdir()):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    if not chosen.database_url:
        # Folders that hold other things stay as they are; SQLite gives its other files the mode of this one.
        (folder / "spcm.sqlite").touch(mode=0o600)


def likely_partitions(chosen: Settings, client: redis.Redis) -> int:
    """Their number as this Redis has it; as it is set, where no worker has fixed it yet."""
    return read_partitions(client) or chosen.partitions


def number_of_partitions(client: redis.Redis) -> int:
    """As this Redis has it. Raises Problem where no worker has fixed it yet."""
    count = read_partitions(client)
    if count is None:
        raise Problem("no worker has ever started here: `spcm up` or `celery -A workers.app worker` starts one")
    return count
