"""``GET /healthz`` and ``GET /readyz``: for whoever watches the server."""

from __future__ import annotations

from typing import Any

from litestar import Request, get

from ..plugins.catalog import PluginState
from .operations import OpenOperation, problems
from .schemas import Health, Quarantined, Readiness
from .state import service_of

__all__ = ["healthz", "readyz"]


@get(
    "/healthz",
    operation_id="healthz",
    operation_class=OpenOperation,
    summary="Is the process alive?",
    security=[{}],
    tags=["Health"],
)
async def healthz() -> Health:
    """The process is alive."""
    return Health()


@get(
    "/readyz",
    operation_id="readyz",
    operation_class=OpenOperation,
    summary="Are prompts answered?",
    security=[{}],
    responses=problems(503),
    tags=["Health"],
)
async def readyz(request: Request[Any, Any, Any]) -> Readiness:
    """Prompts are answered; names the plugins in quarantine."""
    plugins = service_of(request.app).catalog.plugins
    return Readiness(
        status="ready",
        plugins=sum(record.state is PluginState.LOADED for record in plugins),
        quarantined=[
            Quarantined(record.name, record.reason, record.remedy)
            for record in plugins
            if record.state is PluginState.QUARANTINED
        ],
    )
