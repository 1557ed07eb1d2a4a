from datetime import timedelta

import pytest
from pydantic import ValidationError

from adapters.settings import Settings, duration
from domain.state import Defaults
from spcm_client.partitions import DEFAULT_PARTITIONS


@pytest.mark.parametrize("environment", [{}, {"SPCM_REDIS_URL": ""}])
def test_without_a_url_the_redis_of_the_data_folder_is_used(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("data")
    (folder / "redis-url").write_text("redis://:secret@127.0.0.1:1/0\n")
    for name, value in (environment | {"SPCM_DATA": str(folder)}).items():
        monkeypatch.setenv(name, value)
    assert Settings().redis == "redis://:secret@127.0.0.1:1/0"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(f"SPCM_{name.upper()}", "")
    empty = Settings()
    assert all(getattr(empty, name) == field.default for name, field in Settings.model_fields.items())


def test_the_client_assumes_as_many_partitions_as_there_are_by_default() -> None:
    assert Settings.model_fields["partitions"].default == DEFAULT_PARTITIONS


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("partitions", [1, 1024], [0, 1025]),
        ("batch_size", [1, 10_000], [0, 10_001]),
        ("backlog_limit", [1], [0]),
        ("batch_time_limit", [5, 86_400], [4, 86_401]),
    ],
)
def test_a_number_may_be_as_small_and_as_great_as_is_told(name: str, good: list[int], bad: list[int]) -> None:
    assert [getattr(Settings.model_validate({name: number}), name) for number in good] == good
    for number in bad:
        with pytest.raises(ValidationError):
            Settings.model_validate({name: number})


def test_a_duration_is_a_number_with_its_unit() -> None:
    meant = [timedelta(seconds=90), timedelta(minutes=5), timedelta(hours=36), timedelta(days=7)]
    assert [duration(text) for text in ("90s", "5m", "36h", "7d")] == meant


@pytest.mark.parametrize("retention", ["0s", "36501d", "-1d", "1w", "1.5d", "7D", "7d "])
def test_any_other_duration_is_refused(retention: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"journal_retention": retention})


@pytest.mark.parametrize("name", ["dps", "eos", "payg"])
def test_each_default_of_a_notification_is_that_ones(name: str) -> None:
    set_to_true = Settings.model_validate({f"{name}_notification_default": True})
    assert set_to_true.defaults == Defaults(**{f"{name}_notification": True})  # type: ignore[arg-type]


def test_links_begin_with_what_is_set_without_its_last_slash() -> None:
    assert Settings(link_base="http://links/").defaults == Defaults(link_base="http://links")


@pytest.mark.parametrize(
    "url", ["redis://h", "redis://:p%40ss@h:1/2", "redis://h/?db=2", "unix:///run/redis.sock?db=2"]
)
def test_a_redis_may_be_at_any_of_these(url: str) -> None:
    assert Settings(redis_url=url).redis == url
