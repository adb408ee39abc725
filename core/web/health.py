"""``GET /healthz`` and ``GET /readyz``: for whoever watches the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec

from ..errors import ServiceUnavailable
from ..plugins.catalog import PluginState
from .farewell import STOPPING
from .operations import OpenOperation
from .readiness import can_serve, parts_of
from .schemas import Health, Part, Quarantined, Readiness
from .state import dock_of, inside_of, telemetry_of

if TYPE_CHECKING:
    from ..prompts.dock import Dock

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
    description="Who may read the metrics is also told why a part is not well.",
    security=[{}, {"key": []}],
    responses={503: ResponseSpec(Readiness, description="None are answered; `parts` says what failed.")},
    tags=["Health"],
)
async def readyz(request: Request[Any, Any, Any]) -> Response[Readiness]:
    """Prompts are answered, or what keeps them from it; names each part that is not well."""
    try:
        dock = dock_of(request.app)
    except ServiceUnavailable as error:
        return _reply(Readiness("not_ready", 0, [], [Part("server", "failed", error.message)]))
    stopping = bool(request.scope["state"].get(STOPPING))
    parts = await parts_of(dock, telemetry_of(request.app), stopping=stopping)
    told = await inside_of(request.app).admits(request)
    return _reply(
        Readiness(
            status="ready" if can_serve(parts) else "not_ready",
            plugins=sum(record.state is PluginState.LOADED for record in dock.service.catalog.plugins),
            quarantined=_quarantined(dock, told=told),
            parts=parts if told else [msgspec.structs.replace(part, detail=None) for part in parts],
        )
    )


def _reply(readiness: Readiness) -> Response[Readiness]:
    ready = readiness.status == "ready"
    return Response(readiness, status_code=200 if ready else 503, headers={} if ready else {"retry-after": "1"})


def _quarantined(dock: Dock, *, told: bool) -> list[Quarantined]:
    return [
        Quarantined(record.name, record.reason if told else None, record.remedy if told else None)
        for record in dock.service.catalog.plugins
        if record.state is PluginState.QUARANTINED
    ]
