"""Small catalogs, made by hand."""

from __future__ import annotations

from collections.abc import Sequence

from promptdock import Provider, SelectionRule, Tool
from promptdock.plugins.catalog import (
    Catalog,
    PluginRecord,
    PluginState,
    RegisteredProvider,
    RegisteredRule,
    RegisteredTool,
)


def plugin(name: str) -> PluginRecord:
    """A loaded plugin."""
    return PluginRecord(name=name, distribution=f"promptdock-{name}", version="1.0", state=PluginState.LOADED)


def make_tool(name: str) -> Tool:
    """A tool that answers with its own name."""
    return Tool(
        name=name,
        description=f"Gives {name}.",
        parameters={"type": "object", "properties": {}, "additionalProperties": False},
        function=lambda: name,
    )


def catalog(
    tools: dict[str, Sequence[Tool]],
    rules: dict[str, Sequence[SelectionRule]] | None = None,
    providers: dict[str, Sequence[Provider]] | None = None,
) -> Catalog:
    """A catalog of tools, rules and providers by plugin name."""
    rules, providers = rules or {}, providers or {}
    records = {name: plugin(name) for name in dict.fromkeys([*tools, *rules, *providers])}
    registered = {
        f"{name}.{tool.key}": RegisteredTool(id=f"{name}.{tool.key}", name=tool.name, tool=tool, plugin=records[name])
        for name, owned in tools.items()
        for tool in owned
    }
    return Catalog(
        plugins=tuple(records.values()),
        tools=registered,
        rules=tuple(
            RegisteredRule(rule=rule, plugin=records[name], tools=tuple(f"{name}.{tool.key}" for tool in rule.tools))
            for name, owned in rules.items()
            for rule in owned
        ),
        providers={
            provider.name: RegisteredProvider(provider=provider, plugin=records[name])
            for name, owned in providers.items()
            for provider in owned
        },
    )
