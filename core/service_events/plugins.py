"""Events of plugins: what became of each that was found at start."""

from __future__ import annotations

from typing import ClassVar

from .base import ServiceEvent

__all__ = ["PluginDenied", "PluginLoaded", "PluginQuarantined"]


class PluginLoaded(ServiceEvent, frozen=True, kw_only=True):
    """A plugin is loaded and ready; once a plugin and start, in load order.

    Attributes:
        plugin: Id of the plugin.
        distribution: The distribution that brings it, or ``file:`` and a path.
        version: The distribution's version; empty when unknown.
        hooks: The hooks that it implements, sorted.
        ms: Milliseconds that import and registration took.
    """

    hook: ClassVar[str] = "plugin_loaded"
    plugin: str
    distribution: str
    version: str
    hooks: tuple[str, ...]
    ms: float


class PluginQuarantined(ServiceEvent, frozen=True, kw_only=True):
    """A plugin cannot be used and was put aside; once a plugin and start.

    Attributes:
        plugin: Id of the plugin.
        distribution: The distribution that brings it, or ``file:`` and a path.
        version: The distribution's version; empty when unknown.
        reason: What is wrong with it, in one line.
        remedy: What the operator can do about it.
    """

    hook: ClassVar[str] = "plugin_quarantined"
    plugin: str
    distribution: str
    version: str
    reason: str
    remedy: str


class PluginDenied(ServiceEvent, frozen=True, kw_only=True):
    """A plugin was left out because the operator's lists say so; once a plugin and start.

    Attributes:
        plugin: Id of the plugin.
        distribution: The distribution that brings it, or ``file:`` and a path.
        version: The distribution's version; empty when unknown.
        reason: Which list, in one line.
    """

    hook: ClassVar[str] = "plugin_denied"
    plugin: str
    distribution: str
    version: str
    reason: str
