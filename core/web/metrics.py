"""``GET /metrics``: what Prometheus reads."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec

from ..errors import ServiceUnavailable
from .operations import OpenOperation, problems
from .state import inside_of, telemetry_of

__all__ = ["show_metrics"]


@get(
    "/metrics",
    operation_id="metrics",
    operation_class=OpenOperation,
    summary="What does the server do?",
    description="For Prometheus. PROMPTDOCK_METRICS_TOKEN, superusers' keys, and everybody where no key is needed.",
    security=[{}, {"key": []}],
    responses={
        200: ResponseSpec(str, description="Metrics as text.", media_type="text/plain", generate_examples=False),
        **problems(401, 403, 503),
    },
    tags=["Health"],
)
async def show_metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The metrics of all workers, in Prometheus' text format or in OpenMetrics'."""
    await inside_of(request.app).require(request)
    telemetry = telemetry_of(request.app)
    if telemetry is None or telemetry.metrics is None:
        raise ServiceUnavailable("The server is not up yet, or is shutting down.", retry_after=1)
    telemetry.metrics.registry.flush()
    # several workers' numbers are read from files
    text, media_type = await asyncio.to_thread(telemetry.metrics.registry.written, request.headers.get("accept", ""))
    if media_type.startswith("text/"):
        media_type = media_type.replace("; charset=utf-8", "")  # Litestar writes it there once more
    return Response(text, media_type=media_type, headers={"cache-control": "no-store"})
