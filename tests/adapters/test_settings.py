import pytest

from adapters.settings import Settings
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
