"""``GET /api/v1/plugins``, ``/api/v1/tools`` and ``/api/v1/providers``: what is installed."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from ..listings import list_plugins, list_providers, list_tools
from .operations import OurOperation, envelope_errors
from .paging import listed
from .schemas import PluginList, ProviderList, ToolList
from .state import service_of

__all__ = ["get_plugins", "get_providers", "get_tools"]


@get(
    "/plugins",
    operation_id="listPlugins",
    opt={"command": "list", "thing": "Plugin"},
    operation_class=OurOperation,
    summary="List the plugins",
    description="Every plugin that was found. One in quarantine says why, and what to do about it.",
    responses=envelope_errors(401, 503),
    tags=["Plugins"],
)
async def get_plugins(request: Request[Any, Any, Any]) -> Response[PluginList]:
    """Every plugin that was found."""
    return listed(request, list_plugins(service_of(request.app).catalog), thing="Plugin", next=None)


@get(
    "/tools",
    operation_id="listTools",
    opt={"command": "list", "thing": "Tool"},
    operation_class=OurOperation,
    summary="List the tools",
    responses=envelope_errors(401, 503),
    tags=["Plugins"],
)
async def get_tools(request: Request[Any, Any, Any]) -> Response[ToolList]:
    """Every registered tool."""
    return listed(request, list_tools(service_of(request.app).catalog), thing="Tool", next=None)


@get(
    "/providers",
    operation_id="listProviders",
    opt={"command": "list", "thing": "Provider"},
    operation_class=OurOperation,
    summary="List the providers",
    responses=envelope_errors(401, 503),
    tags=["Plugins"],
)
async def get_providers(request: Request[Any, Any, Any]) -> Response[ProviderList]:
    """Every registered provider; their models are under ``/v1/models``."""
    return listed(request, list_providers(service_of(request.app).catalog), thing="Provider", next=None)
