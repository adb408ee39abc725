"""Route handlers of what is asked most."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from litestar import Request
from litestar.handlers import HTTPRouteHandler

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection
    from litestar.types import ASGIApp, ExceptionHandlersMap, Middleware, Receive, Scope, Send

    from .running_reply import RunningReply

__all__ = ["guarded_route", "running_route"]


class guarded_route(HTTPRouteHandler):  # noqa: N801  (a decorator, like Litestar's own)
    """Like Litestar's ``route``, without what Litestar does anew for each request.

    It makes a copy of the handler for each guard, lest a guard changes it, which takes longer than the rest of the
    routing: ours change nothing. And it collects the exception handlers, which are the same each time.
    """

    __slots__ = ("_exception_handlers",)

    async def authorize_connection(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Ask the guards."""
        for guard in self.resolve_guards():
            await guard(connection, self)  # type: ignore[misc]

    def resolve_exception_handlers(self) -> ExceptionHandlersMap:
        """Collect the exception handlers, once: what an app gets after its first request is not among them."""
        known: ExceptionHandlersMap | None = getattr(self, "_exception_handlers", None)
        if known is None:
            known = self._exception_handlers = super().resolve_exception_handlers()
        return known


class running_route(guarded_route):  # noqa: N801
    """A route whose function takes the request and parameters of the path, as text, and gives a :class:`RunningReply`.

    Litestar would look for such a function's arguments by a model of them, and make a response of the reply; this calls
    the one and runs the other. An app that wants more to happen around its routes has Litestar's own way.
    """

    __slots__ = ()

    def resolve_middleware(self) -> list[Middleware]:
        """The middlewares of the app and its routers, and without any the short way."""
        return super().resolve_middleware() or ([] if self._is_long() else [partial(_ShortWay, handler=self)])

    def _is_long(self) -> bool:
        """Whether the app, or a router, has something done before or after its routes."""
        app = self.app
        if app.csrf_config or app.compression_config or app.allowed_hosts or self.resolve_layered_parameters():
            return True
        return any(
            layer.before_request or layer.after_request or layer.after_response
            for layer in cast("list[Any]", self.ownership_layers)
        )


class _ShortWay:
    """An ASGI app that calls a handler's function and runs its reply.

    Args:
        app: Litestar's own way, which is not gone.
        handler: The handler.
    """

    def __init__(self, app: ASGIApp, handler: running_route) -> None:  # noqa: ARG002  (what middlewares are given)
        self._handler = handler
        self._fn = handler.fn
        self._guards = handler.resolve_guards()
        self._request_class = handler.resolve_request_class()
        self._names = [name for name in handler.parsed_fn_signature.parameters if name != "request"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the guards, then answer."""
        request: Request[Any, Any, Any] = self._request_class(scope, receive, send)
        for guard in self._guards:
            await guard(request, self._handler)  # type: ignore[misc]
        given = scope["path_params"]  # of the app's own path, too
        reply: RunningReply[Any] = await self._fn(request, **{name: given[name] for name in self._names})
        await reply.app(scope, receive, send)
