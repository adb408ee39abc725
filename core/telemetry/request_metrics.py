"""Metrics of requests: how many, how they ended, how long they took, how many are under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .exchange import RequestWatcher

if TYPE_CHECKING:
    from .exchange import Exchange
    from .registry import MetricsRegistry

__all__ = ["RequestMetrics"]

_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class RequestMetrics(RequestWatcher):
    """Counts requests.

    Args:
        registry: Where its metrics are made.
    """

    def __init__(self, registry: MetricsRegistry) -> None:
        self._ended = registry.counter(
            "promptdock_requests", "Requests that have ended, by their route.", ["method", "route", "status"]
        )
        self._seconds = registry.histogram(
            "promptdock_request_duration_seconds",
            "Time from a request to the end of its reply, streams included.",
            ["method", "route"],
        )
        self._running = registry.level("promptdock_requests_in_progress", "Requests that are being answered.")
        self._streams = registry.level("promptdock_streams_open", "Streams of events that are being sent.")
        self._received = registry.plain_counter("promptdock_request_received_bytes", "Bytes of the bodies of requests.")
        self._sent = registry.plain_counter("promptdock_request_sent_bytes", "Bytes of the bodies of replies.")

    def began(self, exchange: Exchange) -> None:  # noqa: ARG002  (part of the protocol)
        """Count a request that has come."""
        self._running.amount += 1

    def streams(self, exchange: Exchange) -> None:  # noqa: ARG002
        """Count a reply that begins as a stream of events."""
        self._streams.amount += 1

    def ended(self, exchange: Exchange) -> None:
        """Count a request that has ended."""
        if (method := exchange.method) not in _METHODS:
            method = "other"
        route = exchange.route
        self._running.amount -= 1
        if exchange.is_stream:
            self._streams.amount -= 1
        self._ended[method, route, str(exchange.status)].amount += 1
        self._seconds[method, route].observe(exchange.seconds)
        if exchange.received:
            self._received.amount += exchange.received
        if exchange.sent:
            self._sent.amount += exchange.sent
