"""Names that are taken, by whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptdock.plugins.discovery import find_plugins
from promptdock.scaffold.names import PluginNames
from promptdock.scaffold.refusal import ScaffoldRefused
from promptdock.scaffold.taken import refuse_hidden_module, refuse_taken, refuse_taken_provider
from tests.support.distributions import write_distribution


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that packages are installed into."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def refused(name: str, folder: Path | None = None, *, except_file: Path | None = None) -> str:
    """Why a name is refused."""
    with pytest.raises(ScaffoldRefused) as error:
        refuse_taken(PluginNames.of(name), find_plugins(folder, {}).candidates, except_file=except_file)
    return str(error.value)


def test_an_id_names_its_distribution_and_version(site: Path) -> None:
    write_distribution(site, "some-games", plugins={"dice": "games"}, version="3.1")
    assert "'dice' is taken by some-games 3.1" in refused("dice")


def test_a_distribution_that_brings_another_plugin(site: Path) -> None:
    write_distribution(site, "promptdock-dice", plugins={"craps": "craps"}, version="3.1")
    assert "The distribution promptdock-dice 3.1 is installed already" in refused("dice")


def test_a_module_is_not_imported_to_see_that_it_is_there(site: Path) -> None:
    (site / "promptdock_dice.py").write_text("raise SystemExit('it was run')")
    assert f"The module promptdock_dice is there already: {site / 'promptdock_dice.py'}" in refused("dice")


def test_a_file_in_the_plugins_folder_unless_it_is_the_one_that_is_promoted(tmp_path: Path) -> None:
    file = tmp_path / "dice.py"
    file.touch()
    assert f"'dice' is taken by the file {file}" in refused("dice", tmp_path)
    refuse_taken(PluginNames.of("dice"), find_plugins(tmp_path, {}).candidates, except_file=file)


def test_free_names_are_not_refused() -> None:
    names = PluginNames.of("surely-not-taken")
    refuse_taken(names, find_plugins(None, {}).candidates)
    refuse_hidden_module(names)
    refuse_taken_provider(names)


@pytest.mark.parametrize("name", ["openai", "ollama", "offline"])
def test_providers_that_come_with_promptdock(name: str) -> None:
    with pytest.raises(ScaffoldRefused, match=f"a provider '{name}' itself"):
        refuse_taken_provider(PluginNames.of(name))


def test_a_file_that_would_hide_an_installed_module() -> None:
    with pytest.raises(ScaffoldRefused, match=r"pluggy\.py would hide the installed module 'pluggy'"):
        refuse_hidden_module(PluginNames.of("pluggy"))
