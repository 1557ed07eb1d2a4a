"""Whose a partition is on SQLite."""

import errno
import fcntl
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from adapters.drain_lock import drain_lock
from adapters.failures import Unavailable


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return create_engine(f"sqlite:///{tmp_path / 'spcm.sqlite'}")


def test_a_partition_is_one_drain_s_at_a_time(engine: Engine) -> None:
    with drain_lock(engine, 0) as first, drain_lock(engine, 0) as second, drain_lock(engine, 1) as other:
        assert (first, second, other) == (True, False, True)
    with drain_lock(engine, 0) as again:
        assert again


def test_a_drain_that_raises_lets_go(engine: Engine) -> None:
    with pytest.raises(RuntimeError), drain_lock(engine, 0):
        raise RuntimeError
    with drain_lock(engine, 0) as again:
        assert again


def test_another_name_of_the_same_database_is_no_way_around_it(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "spcm.sqlite").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "link").symlink_to(tmp_path / "spcm.sqlite")
    linked = create_engine(f"sqlite:///{tmp_path / 'elsewhere' / 'link'}")
    with drain_lock(engine, 0), drain_lock(linked, 0) as second:
        assert not second


def test_without_a_folder_for_its_file_commands_wait(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'gone' / 'spcm.sqlite'}")
    with pytest.raises(Unavailable, match="No such file"), drain_lock(engine, 0):
        pass


def test_on_a_file_system_without_locks_commands_wait(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with pytest.raises(Unavailable, match="No locks available"), drain_lock(engine, 0):
        pass
