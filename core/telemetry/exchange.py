"""One request and its reply, on their way through: what metrics, traces and the access log are told of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

__all__ = ["NOTES", "UNKNOWN_ROUTE", "Exchange", "RequestNotes", "RequestWatcher", "Watchers"]

Message: TypeAlias = Mapping[str, Any]

_log = logging.getLogger("promptdock.telemetry")

UNKNOWN_ROUTE: Final = "unknown"
"""Stands for the route of whatever no route takes, so that nobody makes new ones up."""
_BROKEN: Final = 500
_BODILESS: Final = frozenset({204, 304})
"""Statuses of replies that end with their headers."""


@dataclass(slots=True)
class RequestNotes:
    """What is known of the turn, or of the passthrough, that a request asks for.

    Attributes:
        turn_id: The turn.
        provider: Name of the provider.
        model: The model that is asked.
        rounds: How many upstream calls were begun.
        tools: Ids of the tools that ran, in their order.
        prompt_tokens: Of all its upstream calls, as reported.
        completion_tokens: Likewise.
    """

    turn_id: str | None = None
    provider: str | None = None
    model: str | None = None
    rounds: int = 0
    tools: list[str] = field(default_factory=list)
    prompt_tokens: int = 0
    completion_tokens: int = 0


NOTES: Final[ContextVar[RequestNotes | None]] = ContextVar("promptdock_request_notes", default=None)
"""Those of the request that is being answered; None outside of one."""


class RequestWatcher:
    """Is told of each request: on the event loop, in its context, and without waiting. It does nothing by itself."""

    def began(self, exchange: Exchange) -> None:
        """It has come."""

    def streams(self, exchange: Exchange) -> None:
        """Its reply begins, as a stream of events."""

    def ended(self, exchange: Exchange) -> None:
        """It has ended, however; told once, before the last piece of the reply is sent."""

    def left(self, exchange: Exchange) -> None:
        """The app is done with it; told last, in the very context in which it was told that it has come."""


_Step: TypeAlias = Callable[["Exchange"], None]


class Watchers:
    """Who is told of requests, by step: only those who do something then.

    Args:
        watchers: In the order in which they are told.
    """

    __slots__ = ("began", "ended", "left", "streams")

    def __init__(self, *watchers: RequestWatcher) -> None:
        def overriding(step: str) -> tuple[_Step, ...]:
            return tuple(
                getattr(watcher, step)
                for watcher in watchers
                if getattr(type(watcher), step) is not getattr(RequestWatcher, step)
            )

        self.began = overriding("began")
        self.streams = overriding("streams")
        self.ended = overriding("ended")
        self.left = overriding("left")


class Exchange:
    """One request and its reply.

    Args:
        scope: The request's ASGI scope.
        watchers: Who is told.
        hung_up: The status of a request whose caller hung up before the end of the reply.

    Attributes:
        scope: As given.
        started: When it came, by ``time.perf_counter``.
        method: The HTTP method, as it was sent.
        route: The route's path, e.g. ``/api/v1/sessions/{session_id}``, known at the end; one word for all that no
            route takes.
        notes: What turns tell of themselves.
        received: Bytes of the request's body so far.
        sent: Bytes of the reply's body so far.
        is_gone: Whether the caller hung up.
        begun: Whether the reply has begun.
        status: The reply's, as far as it is known.
        length: Bytes that the reply's body is going to have; None while the reply does not say so.
        is_stream: Whether the reply is a stream of events.
        seconds: How long it took; 0 until its end.
    """

    __slots__ = (
        "_ended",
        "_hung_up",
        "_watchers",
        "begun",
        "is_gone",
        "is_stream",
        "length",
        "method",
        "notes",
        "received",
        "route",
        "scope",
        "seconds",
        "sent",
        "started",
        "status",
    )

    def __init__(self, scope: Mapping[str, Any], watchers: Watchers, *, hung_up: int) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.route = UNKNOWN_ROUTE
        self.notes = RequestNotes()
        self.received = self.sent = 0
        self.status = _BROKEN
        self.begun = self.is_gone = self.is_stream = False
        self.length: int | None = None
        self.seconds = 0.0
        self._watchers = watchers
        self._hung_up = hung_up
        self._ended = False
        self.started = time.perf_counter()
        self._tell(self._watchers.began)

    def take_in(self, message: Message) -> None:
        """Take note of what the server has to say; what comes after the end was told counts for nothing."""
        if message["type"] == "http.request":
            if not self._ended:
                self.received += len(message.get("body", b""))
        elif message["type"] == "http.disconnect":
            self.is_gone = True

    def give_out(self, message: Message) -> bool:
        """Take note of a piece of the reply, which is going to be sent, and say whether it completes the reply.

        A caller who was told the length takes the reply for whole as soon as so much is there.
        """
        if message["type"] == "http.response.body":
            if not self._ended:
                self.sent += len(message.get("body", b""))
            if not message.get("more_body", False):
                return True
        elif message["type"] == "http.response.start":
            self._begin(message)
        return self.length is not None and self.sent >= self.length

    def _begin(self, message: Message) -> None:
        self.begun = True
        self.status = message["status"]
        for name, value in message.get("headers", ()):
            lower = name.lower()
            if lower == b"content-type" and value.startswith(b"text/event-stream"):
                self.is_stream = True
            elif lower == b"content-length" and value.isdigit():
                self.length = int(value)
        if self.method == "HEAD" or self.status in _BODILESS:
            self.length = 0
        if self.is_stream:
            self._tell(self._watchers.streams)

    def end(self, status: int | None = None) -> None:
        """Tell of the end, unless that is done.

        Args:
            status: The reply's; None when the app gave none to its end, or broke off.
        """
        if self._ended:
            return
        self._ended = True
        self.seconds = time.perf_counter() - self.started
        self.route = self.scope.get("path_template") or UNKNOWN_ROUTE
        if self.is_gone:
            self.status = self._hung_up
        elif status is None:
            self.status = _BROKEN
        self._tell(self._watchers.ended)

    def leave(self, *, broken: bool) -> None:
        """The app has nothing more to say.

        Args:
            broken: Whether it raised. If it did not, and yet gave no end to the reply, nobody was there to have it.
        """
        if not self._ended:
            self.is_gone = self.is_gone or not broken
            self.end()
        if self._watchers.left:
            self._tell(self._watchers.left)

    def _tell(self, steps: tuple[_Step, ...]) -> None:
        for step in steps:
            try:
                step(self)
            except Exception:  # noqa: BLE001  (whoever watches must not be felt)
                _log.exception("A request could not be told of to %s", step.__qualname__)
