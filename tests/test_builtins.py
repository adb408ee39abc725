"""Every built-in plugin is gold, without a waiver; the checks run as they do for a third party's."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from promptdock.conformance.checking import check_plugin
from promptdock.conformance.targets import Target, find_targets
from promptdock.settings import Settings
from tests.support.grading import assert_gold
from tests.support.loopback import without_proxies
from tests.support.open_meteo import open_meteo

pytestmark = [pytest.mark.slow]

BUILT_IN = {target.name: target for target in find_targets(Settings(), "promptdock")}


@pytest.mark.parametrize("name", sorted(BUILT_IN.keys() - {"weather"}))
def test_built_in_plugins_are_gold(name: str, tmp_path: Path) -> None:
    assert_gold(BUILT_IN[name], tmp_path)


def test_a_built_in_keeps_to_the_budget_that_authors_have(tmp_path: Path) -> None:
    """Its import is measured again and the best time counts, so a busy machine does no harm."""
    budget = inspect.signature(check_plugin).parameters["import_budget_ms"].default
    assert_gold(BUILT_IN["calculator"], tmp_path, import_budget_ms=budget)


def test_the_weather_is_gold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its examples ask a fake Open-Meteo: the plugin's settings say where that is."""
    without_proxies(monkeypatch)
    with open_meteo() as fake:
        variables = {f"PROMPTDOCK_PLUGINS__WEATHER__{key.upper()}": url for key, url in fake.settings.items()}
        assert_gold(BUILT_IN["weather"], tmp_path, variables)
        assert fake.forecasts


def test_all_of_them_are_checked() -> None:
    """Also those that come later."""
    folder = Path(__file__).parents[1] / "plugins_builtin"
    there = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert there == BUILT_IN.keys()
    assert all(isinstance(target, Target) for target in BUILT_IN.values())
