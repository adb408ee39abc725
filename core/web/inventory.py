"""``GET /api/v1/plugins``, ``/api/v1/tools`` and ``/api/v1/providers``: what is installed."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, get

from ..listings import list_plugins, list_providers, list_tools
from .operations import OurOperation, problems
from .schemas import PluginList, ProviderList, ToolList
from .state import service_of

__all__ = ["get_plugins", "get_providers", "get_tools"]


@get(
    "/plugins",
    operation_id="listPlugins",
    operation_class=OurOperation,
    summary="List the plugins",
    description="Every plugin that was found. One in quarantine says why, and what to do about it.",
    responses=problems(401, 503),
    tags=["Plugins"],
)
async def get_plugins(request: Request[Any, Any, Any]) -> PluginList:
    """Every plugin that was found."""
    return msgspec.convert({"data": list_plugins(service_of(request.app).catalog)}, PluginList)


@get(
    "/tools",
    operation_id="listTools",
    operation_class=OurOperation,
    summary="List the tools",
    responses=problems(401, 503),
    tags=["Plugins"],
)
async def get_tools(request: Request[Any, Any, Any]) -> ToolList:
    """Every registered tool."""
    return msgspec.convert({"data": list_tools(service_of(request.app).catalog)}, ToolList)


@get(
    "/providers",
    operation_id="listProviders",
    operation_class=OurOperation,
    summary="List the providers",
    responses=problems(401, 503),
    tags=["Plugins"],
)
async def get_providers(request: Request[Any, Any, Any]) -> ProviderList:
    """Every registered provider; their models are under ``/v1/models``."""
    return msgspec.convert({"data": list_providers(service_of(request.app).catalog)}, ProviderList)
