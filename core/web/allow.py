"""What ``OPTIONS`` says: the methods that a path really has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.types import Message, Scope

__all__ = ["TruthfulAllow"]

_ALLOW: Final = b"allow"


class TruthfulAllow:
    """Corrects ``Allow`` in replies to ``OPTIONS``.

    Litestar makes the handler of ``OPTIONS`` with the first handler of a path, and it goes on naming the methods of
    that one alone. It is a ``before_send`` hook, since those handlers are not ours.

    Args:
        concerns: Says of a scope whether its reply is ours to correct.
    """

    def __init__(self, concerns: Callable[[Mapping[str, Any]], bool]) -> None:
        self._concerns = concerns

    async def __call__(self, message: Message, scope: Scope) -> None:
        """Correct the start of a reply."""
        if message["type"] != "http.response.start" or scope.get("method") != "OPTIONS" or not self._concerns(scope):
            return
        headers = list(message.get("headers", ()))
        if message["status"] != 204 or not any(name.lower() == _ALLOW for name, _ in headers):
            return
        methods = _methods(scope["litestar_app"], scope.get("route_handler"))
        if methods:
            kept = [(name, value) for name, value in headers if name.lower() != _ALLOW]
            message["headers"] = [*kept, (_ALLOW, ", ".join(sorted(methods)).encode())]


def _methods(app: Litestar, handler: object) -> set[str]:
    """The methods of the path that a handler of ``OPTIONS`` answers for."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.route_handler_map.get("OPTIONS", (None,))[0] is handler:
            return {str(method) for method in route.methods}
    return set()
