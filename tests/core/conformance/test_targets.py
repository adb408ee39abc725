"""Which plugins are meant by a distribution, an id, or a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptdock import ConfigurationError
from promptdock.conformance.targets import Target, find_targets
from promptdock.settings import Settings
from tests.support.distributions import write_distribution


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """With one file in the plugins folder."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "greeter.py").write_text("")
    return Settings(home=tmp_path)


def names(settings: Settings, package: str) -> list[str]:
    return [target.name for target in find_targets(settings, package)]


def test_all_plugins_of_a_distribution_are_meant(settings: Settings) -> None:
    assert {"calculator", "weather"} < set(names(settings, "promptdock"))


def test_a_distribution_is_compared_as_package_indexes_do(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path / "site")
    write_distribution(tmp_path / "site", "promptdock-dice", plugins={"dice": "dice"}, version="2.0")
    (target,) = find_targets(settings, "PromptDock_Dice")
    assert target == Target(name="dice", distribution="promptdock-dice", version="2.0")


def test_an_id_is_meant_when_no_distribution_is_called_that(settings: Settings) -> None:
    (target,) = find_targets(settings, "calculator")
    assert (target.name, target.distribution) == ("calculator", "promptdock")
    assert names(settings, "calculator@promptdock") == ["calculator"]


def test_files_are_meant_by_path_and_by_id(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "plugins" / "greeter.py"
    wanted = (Target(name="greeter", distribution=f"file:{file}"),)
    assert find_targets(settings, str(file)) == find_targets(settings, "greeter") == wanted
    assert find_targets(settings, "greeter@file") == wanted


@pytest.mark.parametrize(
    ("package", "words", "hint"),
    [
        ("calculater", "No installed distribution or plugin is called 'calculater'", "Did you mean calculator or"),
        ("quite-something-else", "No installed distribution", "pip install quite-something-else"),
        ("calculator@elsewhere", "No installed distribution", ""),
        ("./not_there.py", "There is no file", "path"),
    ],
)
def test_what_is_not_there_is_told(package: str, words: str, hint: str, settings: Settings) -> None:
    with pytest.raises(ConfigurationError) as failure:
        find_targets(settings, package)
    assert words in failure.value.message
    assert hint in (failure.value.hint or "")


def test_a_test_is_no_plugin(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "test_dice.py").write_text("")
    with pytest.raises(ConfigurationError, match="no plugin by its name"):
        find_targets(settings, str(tmp_path / "test_dice.py"))
