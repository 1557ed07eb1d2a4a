import pytest

from adapters.settings import Settings


@pytest.mark.parametrize("environment", [{}, {"SPCM_REDIS_URL": ""}])
def test_without_a_url_the_redis_of_the_data_folder_is_used(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("data")
    (folder / "redis-url").write_text("redis://:secret@127.0.0.1:1/0\n")
    for name, value in (environment | {"SPCM_DATA": str(folder)}).items():
        monkeypatch.setenv(name, value)
    assert Settings().redis == "redis://:secret@127.0.0.1:1/0"
