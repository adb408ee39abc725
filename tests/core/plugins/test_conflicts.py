"""Names that several plugins claim: all owners go, whatever the order."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from promptdock import CompletionCall, Provider, Tool, hookimpl
from promptdock.plugins.catalog import PluginState
from tests.support.hosts import bare_host, records


class Named(Provider):
    """A provider that is never asked."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def complete(self, call: CompletionCall) -> dict[str, Any]:
        raise NotImplementedError


def plugin(*tools: str, providers: tuple[str, ...] = ()) -> object:
    """A plugin with tools and providers of these names."""
    made = [
        Tool(
            name=name,
            description="Does it.",
            parameters={"type": "object", "properties": {}},
            function=lambda: 1,
            key=name,
        )
        for name in tools
    ]
    return SimpleNamespace(
        register_tools=hookimpl(lambda: made),
        register_providers=hookimpl(lambda: [Named(name) for name in providers]),
    )


def states(home: Path, extra: dict[str, object], **settings: Any) -> dict[str, str]:
    """State by plugin id."""
    return {name: record.state.value for name, record in records(bare_host(home, extra, **settings)).items()}


def test_all_owners_of_a_wire_name_are_quarantined_and_both_remedies_told(tmp_path: Path) -> None:
    host = bare_host(tmp_path, {"one": plugin("search"), "two": plugin("search"), "three": plugin("other")})
    found = records(host)
    for name in ("one", "two"):
        assert found[name].state is PluginState.QUARANTINED
        assert found[name].reason == "several tools have the name 'search': one.search and two.search"
        assert '[tool_aliases] "one.search" = ' in str(found[name].remedy)
        assert "PROMPTDOCK_PLUGINS_DENY" in str(found[name].remedy)
    assert list(host.catalog.tools) == ["three.other"]


def test_an_alias_for_one_of_them_resolves_it(tmp_path: Path) -> None:
    host = bare_host(
        tmp_path, {"one": plugin("search"), "two": plugin("search")}, tool_aliases={"two.search": "search_two"}
    )
    assert {identity: found.name for identity, found in host.catalog.tools.items()} == {
        "one.search": "search",
        "two.search": "search_two",
    }
    assert host.catalog.tools["two.search"].definition["function"]["name"] == "search_two"
    assert not host.warnings


def test_an_alias_can_also_make_a_clash(tmp_path: Path) -> None:
    plugins = {"one": plugin("search"), "two": plugin("find")}
    assert states(tmp_path, plugins, tool_aliases={"two.find": "search"}) == {
        "one": "quarantined",
        "two": "quarantined",
    }


def test_denying_one_of_them_resolves_it(tmp_path: Path) -> None:
    plugins = {"one": plugin("search"), "two": plugin("search")}
    assert states(tmp_path, plugins, plugins_deny=("two",)) == {"one": "loaded", "two": "denied"}


def test_all_owners_of_a_provider_name_are_quarantined(tmp_path: Path) -> None:
    host = bare_host(tmp_path, {"one": plugin(providers=("local",)), "two": plugin(providers=("local", "far"))})
    assert records(host)["one"].reason == "several plugins give the provider 'local': one and two"
    assert not host.catalog.providers
    for record in records(host).values():
        assert record.remedy == "Deny one of them: PROMPTDOCK_PLUGINS_DENY=one"


def test_a_plugin_that_clashes_twice_is_told_of_both(tmp_path: Path) -> None:
    plugins = {
        "one": plugin("search", providers=("local",)),
        "two": plugin("search"),
        "six": plugin(providers=("local",)),
    }
    record = records(bare_host(tmp_path, plugins))["one"]
    reason = str(record.reason)
    assert str(record.remedy).endswith("or deny one or two; Deny one of them: PROMPTDOCK_PLUGINS_DENY=one")
    assert "'search'" in reason
    assert "'local'" in reason


@pytest.mark.parametrize("order", list(permutations(["a", "b", "c", "d"])))
def test_a_chain_of_clashes_ends_the_same_in_every_order(tmp_path: Path, order: tuple[str, ...]) -> None:
    """a and b clash, b and c clash, so all three go, though c would be fine without b; d is never touched."""
    plugins = {"a": plugin("x"), "b": plugin("x", "y"), "c": plugin("y"), "d": plugin("z")}
    found = states(tmp_path, {name: plugins[name] for name in order})
    assert found == {"a": "quarantined", "b": "quarantined", "c": "quarantined", "d": "loaded"}
