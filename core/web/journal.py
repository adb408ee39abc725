"""The journal's eye on the API: sees every request and its reply, errors and broken-off replies included."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from litestar.enums import ScopeType

from ..ids import new_id
from .around import HUNG_UP, around
from .auth import principal_in
from .journal_view import MAX_BODY, View
from .paths import path_of
from .request_id import request_id
from .state import journal_of
from .subject import subject_of

if TYPE_CHECKING:
    from uuid import UUID

    from litestar import Litestar
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from ..identity import Principal

__all__ = ["JournalEntry", "Sink", "entry_of", "journal_key", "journaled", "observing"]

_log = logging.getLogger("promptdock.web")

_JOURNALED: Final = "promptdock_journaled"
_EXCHANGE: Final = "promptdock_exchange"
_LONGEST_METHOD: Final = 16
_BROKEN: Final = 500
_BODILESS: Final = frozenset({204, 304})
"""Statuses of replies that end with their headers."""


class JournalEntry(NamedTuple):
    """One API request.

    Attributes:
        key: Id of its row.
        request_id: Names the request.
        method: The HTTP method.
        path: What was asked for, without the query; what looks like a key is hidden.
        template: The route's path, e.g. ``/api/v1/sessions/{session_id}``; None when no route took the request.
        command: What was to be done.
        thing: To what; None when the path names nothing that we know.
        principal: Who asked.
        status: The reply's HTTP status; 499 when the caller hung up first, 500 when the reply broke off.
        started_at: When the request came, in UTC.
        ms: Milliseconds until the end of the reply.
        headers: The request's headers, by allow-list.
        body: The request's body, redacted by allow-list; None when it is no JSON object, or longer than is looked at.
        request_bytes: How much of the request's body was read.
        response_bytes: How long the reply's body is.
    """

    key: UUID
    request_id: str
    method: str
    path: str
    template: str | None
    command: str
    thing: str | None
    principal: Principal
    status: int
    started_at: datetime
    ms: float
    headers: Mapping[str, str]
    body: Any
    request_bytes: int
    response_bytes: int


Sink: TypeAlias = Callable[[JournalEntry], Awaitable[None]]
"""Writes an entry; may raise."""


def journal_key(scope: Mapping[str, Any]) -> str | None:
    """Id of the row that a request gets; None when it gets none."""
    exchange: _Exchange | None = scope["state"].get(_EXCHANGE)
    return None if exchange is None else str(exchange.key)


def entry_of(scope: Mapping[str, Any], status: int) -> JournalEntry | None:
    """A request as its row would have it if it ended now; None when it gets none, or has it because its caller hung up.

    Args:
        scope: The request's ASGI scope.
        status: What the reply would be; one that has begun keeps the status it began with, unless its caller hung up.
    """
    exchange: _Exchange | None = scope["state"].get(_EXCHANGE)
    if exchange is None or exchange.is_ending:
        return None
    begun = exchange.begun_with
    return exchange.entry(status if begun is None or status == HUNG_UP else begun)


def journaled(scope: Mapping[str, Any], *, written: bool = True) -> None:
    """Say whether somebody else writes a request's row, e.g. the transaction that closes its turn."""
    scope["state"][_JOURNALED] = written


def observing(
    concerns: Callable[[Mapping[str, Any]], bool],
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Make the part of an app's life in which its requests are journaled.

    Args:
        concerns: Says of a scope whether its request gets a row.
    """
    return around(lambda inner: _Observer(inner, concerns))


class _Observer:
    """An ASGI app around another one."""

    def __init__(self, inner: ASGIApp, concerns: Callable[[Mapping[str, Any]], bool]) -> None:
        self._inner = inner
        self._concerns = concerns
        self._view = View()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sink = journal_of(scope["litestar_app"]) if scope["type"] == ScopeType.HTTP else None
        if sink is None or not self._concerns(scope):
            await self._inner(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, sink, self._view)
        try:
            await self._inner(scope, exchange.receive, exchange.send)
        except BaseException:
            await exchange.end(_BROKEN)
            raise
        await exchange.end(HUNG_UP)


class _Exchange:
    """One request and its reply, on their way through.

    Attributes:
        key: Id of its row.
        begun_with: The status that the reply began with; None while it has not.
        is_ending: Whether the row is being written, or is written.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, sink: Sink, view: View) -> None:
        self._scope: Mapping[str, Any] = scope
        self._view = view
        scope["state"][_EXCHANGE] = self
        self.key = new_id()
        self._receive = receive
        self._send = send
        self._sink = sink
        self._path = path_of(scope)
        self._started_at = datetime.now(UTC)
        self._started = time.perf_counter()
        self._body = b""
        self._read = 0
        self._whole = False
        self._gone = False
        self._status = _BROKEN
        self.begun_with: int | None = None
        self._length: int | None = None
        self._sent = 0
        self.is_ending = False
        self._writing: asyncio.Task[None] | None = None

    async def receive(self) -> Any:
        """What the server has to say, as it is."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._gone = True
        elif message["type"] == "http.request":
            piece = message.get("body", b"")
            self._read += len(piece)
            if self._read <= MAX_BODY:
                self._body = self._body + piece if self._body else piece
            self._whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Pass a piece of the reply on, as it is; the last one once the row is written."""
        if message["type"] == "http.response.start":
            self._status = self.begun_with = message["status"]
            self._length = self._announced(message)
        elif message["type"] == "http.response.body":
            self._sent += len(message.get("body", b""))
        if self._is_last(message):
            await self.end(self._status)
        await self._send(message)

    def _announced(self, message: Any) -> int | None:
        """How long the reply is going to be, when its start says so."""
        if self._scope["method"] == "HEAD" or message["status"] in _BODILESS:
            return 0
        return _length(message.get("headers", ()))

    def _is_last(self, message: Any) -> bool:
        """A caller who was told the length takes the reply for whole as soon as so much is there."""
        if self._length is not None and self._sent >= self._length:
            return True
        return message["type"] == "http.response.body" and not message.get("more_body", False)

    async def end(self, status: int) -> None:
        """Write the row, unless that is done, or is somebody else's. It is written to its end, whoever waits for it."""
        if not self.is_ending:
            self.is_ending = True
            if not self._scope["state"].get(_JOURNALED):
                self._writing = asyncio.create_task(self._write(HUNG_UP if self._gone else status))
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def _write(self, status: int) -> None:
        if self._scope["state"].get(_JOURNALED):
            return
        try:
            await self._sink(self.entry(status))
        except Exception:  # noqa: BLE001  (the reply goes on, whatever a store may raise)
            _log.exception("request %s: its row in the journal could not be written", request_id(self._scope))

    def entry(self, status: int) -> JournalEntry:
        """The request as it stands."""
        scope = self._scope
        subject = subject_of(scope)
        return JournalEntry(
            key=self.key,
            request_id=request_id(scope),
            method=scope["method"][:_LONGEST_METHOD],
            path=self._view.path(self._path),
            template=scope.get("path_template"),
            command=subject.command,
            thing=subject.thing,
            principal=principal_in(scope),
            status=status,
            started_at=self._started_at,
            ms=(time.perf_counter() - self._started) * 1000,
            headers=self._view.headers(scope["headers"]),
            body=self._view.body(self._body) if self._whole and self._read <= MAX_BODY else None,
            request_bytes=self._read,
            response_bytes=self._sent,
        )


def _length(headers: Any) -> int | None:
    for name, value in headers:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return None
