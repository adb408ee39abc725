"""The catalog: the frozen result of all register hooks, and the only thing that requests read of the plugins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from ..jsontext import JsonObject

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ..providers.base import Provider
    from ..selection.rules import SelectionRule
    from ..tools.tool import Tool
    from .deprecations import HookWarning

__all__ = ["Catalog", "PluginRecord", "PluginState", "RegisteredProvider", "RegisteredRule", "RegisteredTool"]


class PluginState(StrEnum):
    """What became of a plugin that was found."""

    LOADED = "loaded"
    QUARANTINED = "quarantined"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRecord:
    """One plugin that was found, loaded or not.

    Attributes:
        name: The plugin's id: its entry point's name, or its file's name.
        distribution: The distribution that brings it, or ``file:`` and the path of a one-file plugin.
        version: The distribution's version; empty when unknown.
        state: What became of it.
        hooks: The hooks that it implements, sorted; of a quarantined one, those that it means to implement.
        load_ms: Milliseconds that import and registration took.
        reason: Why it is not loaded; None for a loaded one.
        remedy: What to do about that; None for a loaded one.
        traceback: For the operator's eyes only; it is never sent to callers.
        settings: Its filled settings, or None.
        warnings: What it uses that is deprecated; it works all the same.
    """

    name: str
    distribution: str
    version: str
    state: PluginState
    hooks: tuple[str, ...] = ()
    load_ms: float = 0.0
    reason: str | None = None
    remedy: str | None = None
    traceback: str | None = field(default=None, repr=False)
    settings: BaseModel | None = field(default=None, repr=False)
    warnings: tuple[HookWarning, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredTool:
    """A tool with its owner.

    Attributes:
        id: Stable id, ``plugin.tool``.
        name: Wire name: the tool's own, or the operator's alias for it.
        tool: The tool.
        plugin: The plugin that registered it.
    """

    id: str
    name: str
    tool: Tool
    plugin: PluginRecord

    @property
    def definition(self) -> JsonObject:
        """The tool in OpenAI's form."""
        return {
            "type": "function",
            "function": {
                "name": self.name,
                "description": self.tool.description,
                "parameters": self.tool.parameters,
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredRule:
    """A selection rule with its owner, and the ids of the tools that it speaks for."""

    rule: SelectionRule
    plugin: PluginRecord
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredProvider:
    """A provider with its owner."""

    provider: Provider
    plugin: PluginRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All that the loaded plugins registered.

    Attributes:
        plugins: Every plugin that was found, in load order: installed ones by distribution and name, then one-file
            ones by name, then those that code gave.
        providers: Providers by name, in load order.
        tools: Tools by stable id, in load order.
        rules: Selection rules, in load order.
    """

    plugins: tuple[PluginRecord, ...] = ()
    providers: Mapping[str, RegisteredProvider] = field(default_factory=dict)
    tools: Mapping[str, RegisteredTool] = field(default_factory=dict)
    rules: tuple[RegisteredRule, ...] = ()
