"""What the start of every reply gets: headers that no route handler has to think of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from litestar.types import HTTPResponseStartEvent, Scope

__all__ = ["Head"]


class Head(Protocol):
    """Adds to the start of replies."""

    def __call__(self, start: HTTPResponseStartEvent, scope: Scope) -> None:
        """Change the start of a reply.

        Args:
            start: Its status and its headers, which may be replaced.
            scope: The request's ASGI scope.
        """
        ...
