"""Plugins that register something else each time."""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

import pytest

from promptdock import SearchTerms, Tool, hookimpl
from promptdock.conformance.silver_repeat import CHECKS
from promptdock.conformance.subject import open_subject
from promptdock.settings import Settings
from tests.support.checking import PluginOf, check
from tests.support.distributions import write_distribution

SAME = "silver_repeat:same-registrations"


def made(name: str, description: str = "Echo.", **properties: object) -> Tool:
    """A tool with a schema of one's own."""
    return Tool(
        name=name,
        description=description,
        parameters={"type": "object", "properties": properties, "additionalProperties": False},
        function=lambda **given: given,
        key=name,
    )


def test_a_plugin_of_constants_passes(tmp_path: Path) -> None:
    """The usual case."""
    echo = made("echo", text={"type": "string"})
    assert check(SAME, PluginOf(echo, rules=[SearchTerms("echo", tools=[echo])]), tmp_path) == []


def test_a_tool_that_comes_and_goes_is_found(tmp_path: Path) -> None:
    """An earlier load must leave nothing behind."""

    class Once(PluginOf):
        count = itertools.count()

        @hookimpl
        def register_tools(self) -> list[Tool]:
            return [made("first")] if next(self.count) == 0 else [made("second")]

    texts = {finding.text for finding in check(SAME, Once(), tmp_path)}
    assert texts == {
        "Loaded again in the same process, tool sample.first is there the first time only.",
        "Loaded again in the same process, tool sample.second is there the second time only.",
    }


def test_a_schema_that_changes_is_found_byte_for_byte(tmp_path: Path) -> None:
    """With the place where it differs."""
    count = itertools.count(1)

    class Counting(PluginOf):
        @hookimpl
        def register_tools(self) -> list[Tool]:
            return [made("echo", f"Echo, for the {next(count)}. time.")]

    (finding,) = check(SAME, Counting(), tmp_path)
    assert "tool sample.echo differs" in finding.text
    assert "for the 1. time" in finding.text


ORDERED_BY_A_SET = '''
    """A plugin whose tools come in the order of a set."""
    from promptdock import Tool, hookimpl


    def _made(name):
        parameters = {"type": "object", "properties": {}, "additionalProperties": False}
        return Tool(name=name, description="Echo.", parameters=parameters, function=lambda: name, key=name)


    @hookimpl
    def register_tools():
        """Many tools."""
        return [_made(name) for name in {f"tool_{number}" for number in range(12)}]
'''


def test_the_order_of_a_set_is_found_in_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one process it would be the same each time."""
    site = tmp_path / "site"
    site.mkdir()
    modules = {"sets_plugin": ORDERED_BY_A_SET}
    write_distribution(site, "promptdock-sets", plugins={"sets": "sets_plugin"}, modules=modules)
    monkeypatch.syspath_prepend(site)

    async def main() -> list[str]:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        async with open_subject(Settings(home=tmp_path), "sets", "promptdock-sets", scratch=scratch) as subject:
            return [finding.text for finding in await CHECKS[0].run(subject)]

    try:
        assert asyncio.run(main()) == ["Loaded in another process, the same things come in another order."]
    finally:
        sys.modules.pop("sets_plugin", None)
