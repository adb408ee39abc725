"""The one way of a request into the app, and of its reply out of it: all who look on stand here, in their order.

Litestar's middlewares never see an unknown route, its ``before_send`` hooks never learn of a caller who hung up, and
each of them is awaited for every piece of every reply. So this stands around the app.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from litestar.enums import ScopeType

from ..telemetry.exchange import NOTES, Exchange, Watchers
from .announce import Announcement
from .around import BROKEN, HUNG_UP
from .journal import Page
from .journal_view import View
from .paths import path_of
from .state import app_parts

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from .heads import Head
    from .paths import Territory

__all__ = ["Passages"]


class Passages:
    """An ASGI app around another one.

    Args:
        inner: The app inside.
        territory: Knows which requests are ours; the others are passed on as they are.
        watchers: Are told of each request.
        heads: Add to the start of each reply, one after the other.
        journals: Whether requests to the API get rows in the app's journal.
    """

    def __init__(
        self, inner: ASGIApp, *, territory: Territory, watchers: Watchers, heads: Sequence[Head], journals: bool
    ) -> None:
        self._inner = inner
        self._territory = territory
        self._watchers = watchers
        self._heads = tuple(heads)
        self._journals = journals
        self._view = View()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the app inside do so by itself."""
        if scope["type"] != ScopeType.HTTP or not self._territory.holds(scope):
            await self._inner(scope, receive, send)
            return
        exchange = Exchange(scope, self._watchers, hung_up=HUNG_UP)
        before = NOTES.set(exchange.notes)
        announcement: Announcement | None = None
        page: Page | None = None
        broken = True
        try:
            path = path_of(scope)
            if self._territory.is_api(path):  # plugins are told of those, and the journal has a row for each
                parts = app_parts(scope["litestar_app"])
                announcement = Announcement(exchange, path, None if parts.dock is None else parts.dock.host)
                if self._journals and parts.journal is not None:
                    page = Page(exchange, path, parts.journal, self._view)
            passage = _Passage(scope, receive, send, exchange, page, self._heads)
            try:
                await self._inner(scope, passage.receive, passage.send)
            except BaseException:
                if page is not None and (writing := page.end(BROKEN)) is not None:
                    await writing
                raise
            if page is not None and (writing := page.end(HUNG_UP)) is not None:
                await writing
            broken = False
        finally:
            try:
                if announcement is not None:
                    announcement.end(BROKEN if broken else exchange.status if exchange.begun else HUNG_UP)
            finally:
                exchange.leave(broken=broken)
                NOTES.reset(before)


class _Passage:
    """The channels of one request."""

    __slots__ = ("_exchange", "_heads", "_page", "_receive", "_scope", "_send")

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        exchange: Exchange,
        page: Page | None,
        heads: Sequence[Head],
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._exchange = exchange
        self._page = page
        self._heads = heads

    async def receive(self) -> Any:
        """What the server has to say, as it is."""
        message = await self._receive()
        self._exchange.take_in(message)
        if self._page is not None:
            self._page.take_in(message)
        return message

    def send(self, message: Message) -> Awaitable[None]:
        """Pass a piece of the reply on; the last one once the journal has the request's row."""
        if message["type"] == "http.response.start":
            for head in self._heads:
                head(message, self._scope)
        exchange, page = self._exchange, self._page
        if exchange.give_out(message):
            if page is not None and (writing := page.end()) is not None:
                return self._end(writing, message)
            exchange.end(exchange.status)
        return self._send(message)

    async def _end(self, writing: Awaitable[None], message: Message) -> None:
        await writing
        self._exchange.end(self._exchange.status)
        await self._send(message)
