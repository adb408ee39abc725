"""What is installed, as JSON: one shape for the command line and for HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .jsontext import JsonObject
from .plugins.catalog import Catalog, PluginRecord, RegisteredProvider, RegisteredTool

if TYPE_CHECKING:
    from .providers.base import ModelInfo

__all__ = ["list_plugins", "list_providers", "list_tools"]


def list_plugins(catalog: Catalog) -> list[JsonObject]:
    """Every plugin that was found, in load order.

    Returns:
        Objects with ``name, distribution, version, state, reason, remedy, hooks, load_ms, warnings``; no tracebacks.
    """
    return [_plugin(record) for record in catalog.plugins]


def list_tools(catalog: Catalog) -> list[JsonObject]:
    """Every registered tool, in load order.

    Returns:
        Objects with ``id, name, description, parameters, plugin``.
    """
    return [_tool(registered) for registered in catalog.tools.values()]


def list_providers(catalog: Catalog, models: Mapping[str, Sequence[ModelInfo]] | None = None) -> list[JsonObject]:
    """Every registered provider, in load order.

    Args:
        catalog: What the plugins registered.
        models: Models by provider name, for providers that were asked; the others get no ``models`` member.

    Returns:
        Objects with ``name, plugin, default_model, configured`` and perhaps ``models``, a list of names.
    """
    return [_provider(registered, (models or {}).get(name)) for name, registered in catalog.providers.items()]


def _plugin(record: PluginRecord) -> JsonObject:
    return {
        "name": record.name,
        "distribution": record.distribution,
        "version": record.version,
        "state": record.state.value,
        "reason": record.reason,
        "remedy": record.remedy,
        "hooks": list(record.hooks),
        "load_ms": round(record.load_ms, 3),
        "warnings": [warning.as_json() for warning in record.warnings],
    }


def _tool(registered: RegisteredTool) -> JsonObject:
    return {
        "id": registered.id,
        "name": registered.name,
        "description": registered.tool.description,
        "parameters": registered.tool.parameters,
        "plugin": registered.plugin.name,
    }


def _provider(registered: RegisteredProvider, models: Sequence[ModelInfo] | None) -> JsonObject:
    provider = registered.provider
    listed: JsonObject = {
        "name": provider.name,
        "plugin": registered.plugin.name,
        "default_model": provider.default_model,
        # a provider that knows no such thing needs no configuration
        "configured": bool(getattr(provider, "configured", True)),
    }
    if models is not None:
        listed["models"] = [model.id for model in models]
    return listed
