"""The journal's eye on the API: sees every request and its reply, errors and broken-off replies included."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from ..ids import new_id
from .around import HUNG_UP
from .auth import principal_in
from .journal_view import MAX_BODY, View
from .request_id import request_id
from .subject import subject_of

if TYPE_CHECKING:
    from uuid import UUID

    from ..identity import Principal
    from ..telemetry.exchange import Exchange

__all__ = ["JournalEntry", "Page", "Sink", "entry_of", "journal_key", "journaled", "row_id"]

_log = logging.getLogger("promptdock.web")

_JOURNALED: Final = "promptdock_journaled"
_PAGE: Final = "promptdock_page"
_LONGEST_METHOD: Final = 16


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


def row_id(scope: Mapping[str, Any]) -> UUID | None:
    """Id of the row that a request gets; None when it gets none."""
    page: Page | None = scope["state"].get(_PAGE)
    return None if page is None else page.key


def journal_key(scope: Mapping[str, Any]) -> str | None:
    """Likewise, as callers are told it."""
    key = row_id(scope)
    return None if key is None else str(key)


def entry_of(scope: Mapping[str, Any], status: int) -> JournalEntry | None:
    """A request as its row would have it if it ended now; None when it gets none, or has it because its caller hung up.

    Args:
        scope: The request's ASGI scope.
        status: What the reply would be; one that has begun keeps the status it began with, unless its caller hung up.
    """
    page: Page | None = scope["state"].get(_PAGE)
    if page is None or page.is_ending:
        return None
    exchange = page.exchange
    return page.entry(exchange.status if exchange.begun and status != HUNG_UP else status)


def journaled(scope: Mapping[str, Any], *, written: bool = True) -> None:
    """Say whether somebody else writes a request's row, e.g. the transaction that closes its turn."""
    scope["state"][_JOURNALED] = written


class Page:
    """What the journal's eye keeps of one request beside what is counted of it anyway.

    Args:
        exchange: The request and its reply, on their way through.
        path: What was asked for, without the query.
        sink: Writes the row.
        view: Shows headers and paths.

    Attributes:
        exchange: As given.
        key: Id of the row.
        is_ending: Whether the row is being written, or is written.
    """

    __slots__ = (
        "_body",
        "_path",
        "_sink",
        "_started_at",
        "_view",
        "_whole",
        "_writing",
        "exchange",
        "is_ending",
        "key",
    )

    def __init__(self, exchange: Exchange, path: str, sink: Sink, view: View) -> None:
        self.exchange = exchange
        self._view = view
        exchange.scope["state"][_PAGE] = self
        self.key = new_id()
        self._sink = sink
        self._path = path
        self._started_at = datetime.now(UTC)
        self._body = b""
        self._whole = self.is_ending = False
        self._writing: asyncio.Task[None] | None = None

    def take_in(self, message: Mapping[str, Any]) -> None:
        """Take note of what the server has to say, once the exchange has."""
        if message["type"] == "http.request":
            piece = message.get("body", b"")
            if self.exchange.received <= MAX_BODY:
                self._body = self._body + piece if self._body else piece
            self._whole = not message.get("more_body", False)

    def end(self, status: int | None = None) -> Awaitable[None] | None:
        """Write the row, unless it is somebody else's. It is written to its end, whoever waits for it.

        Args:
            status: How the request ended; None for a reply that is complete, whose last piece has to wait.

        Returns:
            What to wait for; None when there is nothing to write.
        """
        if not self.is_ending:
            self.is_ending = True
            if not self.exchange.scope["state"].get(_JOURNALED):
                told = HUNG_UP if self.exchange.is_gone else status or self.exchange.status
                self._writing = asyncio.create_task(self._write(told))
        return None if self._writing is None else asyncio.shield(self._writing)

    async def _write(self, status: int) -> None:
        scope = self.exchange.scope
        if scope["state"].get(_JOURNALED):
            return
        try:
            await self._sink(self.entry(status))
        except Exception:  # noqa: BLE001  (the reply goes on, whatever a store may raise)
            _log.exception("request %s: its row in the journal could not be written", request_id(scope))

    def entry(self, status: int) -> JournalEntry:
        """The request as it stands."""
        exchange, scope = self.exchange, self.exchange.scope
        subject = subject_of(scope)
        return JournalEntry(
            key=self.key,
            request_id=request_id(scope),
            method=scope["method"][:_LONGEST_METHOD],
            path=self._view.text(self._path),
            template=scope.get("path_template"),
            command=subject.command,
            thing=subject.thing,
            principal=principal_in(scope),
            status=status,
            started_at=self._started_at,
            ms=(time.perf_counter() - exchange.started) * 1000,
            headers=self._view.headers(scope["headers"]),
            body=self._view.body(self._body) if self._whole and exchange.received <= MAX_BODY else None,
            request_bytes=exchange.received,
            response_bytes=exchange.sent,
        )
