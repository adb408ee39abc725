"""Traces of requests and turns, once OpenTelemetry is installed and somebody wants them."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import TracerProvider as AnyTracerProvider

    from ..settings import Settings
    from .spans import Tracing

__all__ = ["open_tracing"]

_log = logging.getLogger("promptdock.telemetry")
_API: Final = "opentelemetry.trace"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_EXPORTERS: Final = "OTEL_TRACES_EXPORTER"
_DISABLED: Final = "OTEL_SDK_DISABLED"
_CLOSE_SECONDS: Final = 5.0


def open_tracing(settings: Settings, environment: Mapping[str, str] = os.environ) -> Tracing | None:
    """Make what traces an app.

    Args:
        settings: Whether contents may be traced.
        environment: The standard ``OTEL_…`` variables.

    Returns:
        None when nobody wants traces; then nothing of OpenTelemetry was imported. Whoever embeds promptdock and has
        set a tracer provider gets the spans there; else they go where the variables say, which are on when they name
        an exporter or an endpoint.
    """
    embedding = _embedding()
    wanted = _wanted(environment)
    if embedding is None and not wanted:
        return None
    try:
        own = None if embedding is not None else _own_provider(wanted, environment)
        from .spans import Tracing
    except ImportError as error:
        _log.warning(
            "Traces are wanted, but %s is missing: pip install 'promptdock[otel]', or unset OTEL_…", error.name
        )
        return None
    provider = embedding if embedding is not None else own
    assert provider is not None
    return Tracing(provider, contents=settings.trace_contents, close=None if own is None else lambda: _close(own))


def _embedding() -> AnyTracerProvider | None:
    """The tracer provider that somebody has set; asking costs no import when nobody did."""
    api: Any = sys.modules.get(_API)
    if api is None:
        return None
    provider: AnyTracerProvider = api.get_tracer_provider()
    return None if isinstance(provider, (api.ProxyTracerProvider, api.NoOpTracerProvider)) else provider


def _wanted(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the exporters that the variables want."""
    if environment.get(_DISABLED, "").strip().lower() == "true":
        return ()
    named = tuple(name.strip() for name in environment.get(_EXPORTERS, "").split(",") if name.strip())
    if not named and any(environment.get(name) for name in _ENDPOINTS):
        return ("otlp",)
    return tuple(name for name in named if name != "none")


def _own_provider(exporters: tuple[str, ...], environment: Mapping[str, str]) -> TracerProvider:
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor

    from .. import __version__

    named = environment.get("OTEL_SERVICE_NAME") or "service.name=" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    resource = Resource.create({"service.version": __version__, **({} if named else {SERVICE_NAME: "promptdock"})})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    for name in exporters:
        if name == "otlp":
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

            provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        elif name == "console":
            provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr)))
        else:
            _log.warning("%s=%s: there is no such exporter here; take otlp, console or none", _EXPORTERS, name)
    return provider


def _close(provider: TracerProvider) -> None:
    """Send what is left, for a while: a collector that is gone must not keep the server from ending."""
    closing = threading.Thread(target=provider.shutdown, name="promptdock-traces-end", daemon=True)
    closing.start()
    closing.join(_CLOSE_SECONDS)
