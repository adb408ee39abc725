"""Error replies in somebody else's app: ours for our paths, theirs for all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.exceptions.responses import create_exception_response

if TYPE_CHECKING:
    from .errors import ErrorReplies
    from .paths import Territory

__all__ = ["Fallback"]


class Fallback:
    """An exception handler of the app, before one that the app had.

    Args:
        theirs: The app's own handler for the same exceptions; None for Litestar's usual reply.
        territory: Knows which paths are ours.
        ours: Our replies.
    """

    def __init__(self, theirs: Any, territory: Territory, ours: ErrorReplies) -> None:
        self._theirs = theirs
        self._territory = territory
        self._ours = ours

    @classmethod
    def around(cls, theirs: Mapping[Any, Any], territory: Territory, ours: ErrorReplies) -> dict[Any, Any]:
        """Put our replies before an app's exception handlers, for our paths only.

        Args:
            theirs: The app's handlers by status or exception class.
            territory: Knows which paths are ours.
            ours: Our replies.

        Returns:
            The handlers that the app shall have.
        """
        wrapped: dict[Any, Any] = {key: cls(handler, territory, ours) for key, handler in theirs.items()}
        wrapped.setdefault(HTTPException, cls(theirs.get(Exception), territory, ours))
        return wrapped

    def __call__(self, request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        """Answer, or let the app answer."""
        if self._territory.holds(request.scope):
            return self._ours(request, error)
        if self._theirs is not None:
            theirs: Response[Any] = self._theirs(request, error)
            return theirs
        return create_exception_response(request=request, exc=error)
