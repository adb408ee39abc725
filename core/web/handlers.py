"""Route handlers of what is asked most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar.handlers import HTTPRouteHandler

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection

__all__ = ["guarded_route"]


class guarded_route(HTTPRouteHandler):  # noqa: N801  (a decorator, like Litestar's own)
    """Like Litestar's ``route``, without a copy of the handler for each guard of each request.

    Litestar makes it lest a guard changes the handler, which takes longer than the rest of the routing. Our guards
    change nothing.
    """

    __slots__ = ()

    async def authorize_connection(self, connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        """Ask the guards."""
        for guard in self.resolve_guards():
            await guard(connection, self)  # type: ignore[misc]
