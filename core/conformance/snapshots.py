"""All that a plugin registered, as one text: two loads of the same plugin must give the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..jsontext import JsonError, JsonObject, dumps_text
from ..plugins.loader import LoadedPlugins
from ..selection.rules import SearchTerms, SelectionRule
from ..tools.tool import Tool

__all__ = ["differences", "snapshot"]


def snapshot(loaded: LoadedPlugins, plugin: str) -> dict[str, str]:
    """Write down what a plugin registered.

    Args:
        loaded: What was loaded.
        plugin: Id of the plugin.

    Returns:
        A text for each thing, in the order of registration; schemas are in it byte for byte.
    """
    catalog = loaded.catalog
    found: dict[str, str] = {}
    for record in catalog.plugins:
        if record.name == plugin:
            found["plugin"] = _text({"state": record.state, "hooks": record.hooks, "reason": record.reason})
            settings = record.settings
            found["settings"] = _text(None if settings is None else type(settings).model_json_schema())
    for tool in catalog.tools.values():
        if tool.plugin.name == plugin:
            found[f"tool {tool.id}"] = _text(_tool(tool.tool) | {"name": tool.name})
    for place, rule in enumerate(rule for rule in catalog.rules if rule.plugin.name == plugin):
        found[f"rule {place + 1}"] = _text(_rule(rule.rule) | {"tools": rule.tools})
    for name, provider in catalog.providers.items():
        if provider.plugin.name == plugin:
            given = provider.provider
            found[f"provider {name}"] = _text({"default": given.default_model, "models": given.known_models})
    for hook, calls in loaded.calls.items():
        own = [(call.tier, call.takes, call.nonblocking) for call in calls if call.plugin == plugin]
        if own:
            found[f"hook {hook}"] = _text(own)
    found["order"] = _text(list(found))
    return found


def differences(first: dict[str, str], second: dict[str, str]) -> Iterator[str]:
    """Tell how two snapshots differ.

    Args:
        first: One.
        second: The other.

    Yields:
        What differs, in a few words for each thing.
    """
    for name in first.keys() | second.keys():
        if name == "order":
            continue
        if name not in second:
            yield f"{name} is there the first time only"
        elif name not in first:
            yield f"{name} is there the second time only"
        elif first[name] != second[name]:
            yield f"{name} differs {_where(first[name], second[name])}"
    if first.keys() == second.keys() and first["order"] != second["order"]:
        yield "the same things come in another order"


def _where(first: str, second: str) -> str:
    """Around the first place where two texts differ."""
    shared = next(
        (at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
    start = max(0, shared - 20)
    return f"from '…{first[start : shared + 40]}…' to '…{second[start : shared + 40]}…'"


def _tool(tool: Tool) -> JsonObject:
    return {
        "key": tool.key,
        "description": tool.description,
        "parameters": tool.parameters,
        "effects": sorted(tool.effects),
        "examples": tool.examples,
        "timeout": tool.timeout,
        "nonblocking": tool.nonblocking,
    }


def _rule(rule: SelectionRule) -> JsonObject:
    return {
        "kind": type(rule).__qualname__,
        "description": rule.description,
        "system": rule.system,
        "settings": rule.settings,
        "priority": rule.priority,
        "selects": rule.selects,
        "ignores": rule.ignores,
        "terms": [term.text for term in rule.terms] if isinstance(rule, SearchTerms) else None,
    }


def _text(value: Any) -> str:
    try:
        return dumps_text(value)
    except JsonError:
        return repr(value)
