"""What ``OPTIONS`` says: the methods that a path really has."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from litestar import Litestar
from litestar.routes import HTTPRoute

if TYPE_CHECKING:
    from litestar.types import HTTPResponseStartEvent, Scope

__all__ = ["correct_allow"]

_ALLOW: Final = b"allow"


def correct_allow(start: HTTPResponseStartEvent, scope: Scope) -> None:
    """Correct ``Allow`` in a reply to ``OPTIONS``; one of :class:`promptdock.web.heads.Head`.

    Litestar makes the handler of ``OPTIONS`` with the first handler of a path, and it goes on naming the methods of
    that one alone.
    """
    if scope.get("method") != "OPTIONS" or start["status"] != HTTPStatus.NO_CONTENT:
        return
    headers = list(start.get("headers", ()))
    if not any(name.lower() == _ALLOW for name, _ in headers):
        return
    methods = _methods(scope["litestar_app"], scope.get("route_handler"))
    if methods:
        kept = [(name, value) for name, value in headers if name.lower() != _ALLOW]
        start["headers"] = [*kept, (_ALLOW, ", ".join(sorted(methods)).encode())]


def _methods(app: Litestar, handler: object) -> set[str]:
    """The methods of the path that a handler of ``OPTIONS`` answers for."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.route_handler_map.get("OPTIONS", (None,))[0] is handler:
            return {str(method) for method in route.methods}
    return set()
