"""Settings: arguments, then the environment, then the file, then the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptdock import ConfigurationError
from promptdock.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working folder and home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROMPTDOCK_HOME", str(tmp_path / "home"))


def test_the_environment_names_providers_and_their_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """``PROMPTDOCK_PROVIDERS__<NAME>__<FIELD>``; keys stay secret."""
    monkeypatch.setenv("PROMPTDOCK_PROVIDERS__LOCAL__BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("PROMPTDOCK_PROVIDERS__LOCAL__API_KEY", "sk-very-secret")
    monkeypatch.setenv("PROMPTDOCK_PROVIDERS__LOCAL__DEFAULT_MODEL", "m1")
    settings = load_settings()
    local = settings.providers["local"]
    assert (local.base_url, local.default_model, local.transport) == ("http://127.0.0.1:9/v1", "m1", "wire")
    assert "sk-very-secret" not in repr(settings)


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Member by member, also inside tables."""
    (tmp_path / "promptdock.toml").write_text(
        'default_provider = "local"\nmax_rounds = 3\nplugins_deny = ["weather"]\n'
        '[providers.local]\nbase_url = "http://127.0.0.1:9/v1"\ndefault_model = "file"\n'
        "[plugins.guard]\nmax_completion_tokens = 10\n"
    )
    monkeypatch.setenv("PROMPTDOCK_MAX_ROUNDS", "5")
    monkeypatch.setenv("PROMPTDOCK_PROVIDERS__LOCAL__DEFAULT_MODEL", "environment")
    settings = load_settings()
    assert settings.default_provider == "local"
    assert settings.max_rounds == 5
    assert settings.plugins_deny == ("weather",)
    assert settings.providers["local"].base_url == "http://127.0.0.1:9/v1"
    assert settings.providers["local"].default_model == "environment"
    assert settings.plugins == {"guard": {"max_completion_tokens": 10}}
    assert load_settings(max_rounds=7).max_rounds == 7


def test_the_home_has_a_file_too(tmp_path: Path) -> None:
    """It counts when the working folder has none."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "promptdock.toml").write_text("max_rounds = 4\n")
    assert load_settings().max_rounds == 4
    (tmp_path / "promptdock.toml").write_text("max_rounds = 6\n")
    assert load_settings().max_rounds == 6


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment."""
    monkeypatch.setenv("PROMPTDOCK_PLUGINS_ALLOW", "calculator, dice@promptdock-dice ,")
    monkeypatch.setenv("PROMPTDOCK_PLUGINS_DENY", "weather")
    settings = load_settings()
    assert settings.plugins_allow == ("calculator", "dice@promptdock-dice")
    assert settings.plugins_deny == ("weather",)


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("PROMPTDOCK_MAX_ROUNDS", "none-sk-secret", "max_rounds"),
        ("PROMPTDOCK_PROVIDERS__X__TIMEOUT", "-1", "providers.x.timeout"),
        ("PROMPTDOCK_PROVIDERS__X__BASEURL", "http://sk-secret", "providers.x.baseurl"),
        ("PROMPTDOCK_PROVIDERS__X__BASE_URL", "sk-secret:8080", "providers.x.base_url"),
        ("PROMPTDOCK_PROVIDERS__X__BASE_URL", "http://", "providers.x.base_url"),
    ],
)
def test_a_wrong_value_is_named_by_its_place_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, place: str
) -> None:
    """A value can be a secret."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as refused:
        load_settings()
    assert place in str(refused.value)
    assert "sk-secret" not in str(refused.value)


def test_a_file_that_is_not_toml_is_a_clear_error(tmp_path: Path) -> None:
    """It names the file and the place in it."""
    (tmp_path / "promptdock.toml").write_text("max_rounds = = 3\n")
    with pytest.raises(ConfigurationError, match=r"promptdock\.toml cannot be read: .*line 1"):
        load_settings()


def test_settings_are_frozen() -> None:
    """Nobody changes them under a running host."""
    with pytest.raises(ValueError, match="frozen"):
        Settings().max_rounds = 9
