"""The pytest plugin of promptdock: fixtures for plugin authors. It imports nothing until a fixture is used.

It is loaded in every test run of every project that has promptdock installed, so it is cheap, it says nothing, and it
steps aside: fixtures of other plugins and of conftests that have one of its names win.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from .conformance_items import add_option, conformance_items, wants_conformance
from .fixtures import BASE, FIXTURES, PromptdockFixtures

__all__ = ["pytest_addoption", "pytest_collection_modifyitems", "pytest_configure", "pytest_pyfunc_call"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options and settings."""
    group = parser.getgroup("promptdock", "promptdock: testing plugins for language models")
    group.addoption(
        "--promptdock-update", action="store_true", help="Write the schema snapshots anew instead of comparing them."
    )
    group.addoption(
        "--promptdock-network",
        action="store_true",
        help="Let hosts of tests ask real providers, who may charge for it.",
    )
    add_option(group)
    parser.addini("promptdock_plugins", "Plugins of the hosts of tests, in place of this project's own.", type="args")


def pytest_configure(config: pytest.Config) -> None:
    """Describe the marker and bring the fixtures."""
    config.addinivalue_line(
        "markers",
        "promptdock(plugins=[...], settings={...}, network=False, cassette=...): what the promptdock host of this test "
        "has beside the project's own plugins.",
    )
    taken = {name for plugin in config.pluginmanager.get_plugins() for name in _fixture_names(plugin)}
    config.pluginmanager.register(PromptdockFixtures(), "promptdock-fixtures")
    for name, fixture in FIXTURES.items():
        if name not in taken:
            config.pluginmanager.register(fixture(), f"promptdock-fixture-{name}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add the checks of the project's plugins, when they are asked for."""
    if wants_conformance(config):
        items.extend(conformance_items(session))


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an ``async def`` test that uses our fixtures, unless a plugin for event loops does.

    Those that run tests themselves (anyio, pytest-trio) are asked before this; pytest-asyncio has put a plain function
    in the test's place by now.
    """
    if not inspect.iscoroutinefunction(pyfuncitem.obj) or not _is_ours(pyfuncitem):
        return None
    import asyncio

    parameters = inspect.signature(pyfuncitem.obj).parameters.values()
    wanted = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    arguments = {name: pyfuncitem.funcargs[name] for name in wanted if name in pyfuncitem.funcargs}
    asyncio.run(pyfuncitem.obj(**arguments))
    return True


def _is_ours(item: pytest.Function) -> bool:
    return BASE in item.fixturenames or item.get_closest_marker("promptdock") is not None


def _fixture_names(plugin: object) -> Iterator[str]:
    """The names of a plugin's fixtures, looked up without touching its properties."""
    holder: Any = plugin if isinstance(plugin, ModuleType) else type(plugin)
    for name, value in vars(holder).items():
        if type(value).__name__ == "FixtureFunctionDefinition":
            yield value.name
        elif inspect.isfunction(value) and (marker := vars(value).get("_pytestfixturefunction")):  # before pytest 8.4
            yield marker.name or name
