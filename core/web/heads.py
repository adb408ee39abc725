"""What the start of every reply gets: headers that no route handler has to think of.

Litestar's middlewares never see an unknown route, and each of its ``before_send`` hooks is awaited for every piece of
every reply. So this stands around the app, and hears of each reply once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Final, Protocol

from litestar.enums import ScopeType

from .around import around

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

__all__ = ["Head", "heading", "status_of"]

_STATUS: Final = "promptdock_status"


class Head(Protocol):
    """Adds to the start of replies."""

    def __call__(self, start: HTTPResponseStartEvent, scope: Scope) -> None:
        """Change the start of a reply.

        Args:
            start: Its status and its headers, which may be replaced.
            scope: The request's ASGI scope.
        """
        ...


def heading(
    heads: Sequence[Head], concerns: Callable[[Mapping[str, Any]], bool]
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Make the part of an app's life in which its replies get their headers.

    Args:
        heads: Called one after the other.
        concerns: Says of a scope whether its reply is ours.
    """
    return around(lambda inner: _Header(inner, heads, concerns))


def status_of(scope: Mapping[str, Any]) -> int | None:
    """The status of the reply to a request; None while it has not begun."""
    status: int | None = scope["state"].get(_STATUS)
    return status


class _Header:
    """An ASGI app around another one."""

    def __init__(self, inner: ASGIApp, heads: Sequence[Head], concerns: Callable[[Mapping[str, Any]], bool]) -> None:
        self._inner = inner
        self._heads = tuple(heads)
        self._concerns = concerns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not self._concerns(scope):
            await self._inner(scope, receive, send)
            return

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["state"][_STATUS] = message["status"]
                for head in self._heads:
                    head(message, scope)
            await send(message)

        await self._inner(scope, receive, headed)
