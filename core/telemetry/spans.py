"""Spans of requests, and what turns get theirs from."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from opentelemetry import context, propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from .. import __version__
from ..redaction import redact_text
from ..service_events import RelayFailed, RelayReceived
from . import conventions as names
from .exchange import UNKNOWN_ROUTE, RequestWatcher
from .turn_spans import turn_spans, usage_attributes

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.trace import TracerProvider

    from ..turn.observe import Observer
    from ..turn.plan import TurnPlan
    from .exchange import Exchange

__all__ = ["Tracing"]

_OPEN: Final = "promptdock_span"
_UNTRACED: Final = ("/healthz", "/readyz", "/metrics")
_BROKEN: Final = 500


class Tracing(RequestWatcher):
    """Traces one app.

    Args:
        provider: Where spans go.
        contents: Whether they hold what is said.
        close: Called at the end; None leaves the provider to its owner.
    """

    def __init__(self, provider: TracerProvider, *, contents: bool, close: Callable[[], None] | None) -> None:
        self._tracer = trace.get_tracer("promptdock", __version__, tracer_provider=provider)
        self._contents = contents
        self._close = close

    def began(self, exchange: Exchange) -> None:
        """Begin the span of a request, as part of the caller's trace when there is one."""
        scope = exchange.scope
        if scope["path"].endswith(_UNTRACED):
            return
        carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        method = exchange.method[:16]
        span = self._tracer.start_span(
            method,
            context=propagate.extract(carrier),
            kind=SpanKind.SERVER,
            attributes={
                names.HTTP_REQUEST_METHOD: method,
                names.URL_PATH: redact_text(scope["path"]),
                names.URL_SCHEME: scope.get("scheme", "http"),
            },
        )
        scope["state"][_OPEN] = (span, context.attach(trace.set_span_in_context(span)))

    def ended(self, exchange: Exchange) -> None:
        """End the span of a request."""
        opened: tuple[trace.Span, Token[Context]] | None = exchange.scope["state"].get(_OPEN)
        if opened is None:
            return
        span, _ = opened
        if exchange.route != UNKNOWN_ROUTE:
            span.update_name(f"{exchange.method} {exchange.route}")
            span.set_attribute(names.HTTP_ROUTE, exchange.route)
        span.set_attribute(names.HTTP_RESPONSE_STATUS_CODE, exchange.status)
        if exchange.status >= _BROKEN:
            span.set_attribute(names.ERROR_TYPE, str(exchange.status))
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def left(self, exchange: Exchange) -> None:
        """The request's task goes on to others."""
        opened: tuple[trace.Span, Token[Context]] | None = exchange.scope["state"].pop(_OPEN, None)
        if opened is not None:
            context.detach(opened[1])

    def watch(self, plan: TurnPlan) -> Observer:
        """Give what makes spans of the events of one turn."""
        return turn_spans(self._tracer, plan, contents=self._contents)

    def hear(self, event: RelayFailed | RelayReceived) -> None:
        """Make a span of a passthrough that has ended."""
        end = time.time_ns()
        span = self._tracer.start_span(
            f"passthrough {event.provider}",
            kind=SpanKind.CLIENT,
            start_time=end - int(event.ms * 1e6),
            attributes={
                names.PROVIDER_NAME: names.PROVIDER_NAMES.get(event.provider, event.provider),
                names.HTTP_REQUEST_METHOD: event.method,
                names.HTTP_RESPONSE_STATUS_CODE: event.status,
                names.REQUEST_ID: event.request_id,
            },
        )
        if isinstance(event, RelayReceived):
            span.set_attributes(usage_attributes(event.usage))
        else:
            span.set_attribute(names.ERROR_TYPE, event.code)
            span.set_status(Status(StatusCode.ERROR, event.code))
        span.end(end)

    def close(self) -> None:
        """Send what is left."""
        if self._close is not None:
            self._close()
