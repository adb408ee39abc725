"""Routers that an app takes over as they are."""

from __future__ import annotations

from typing import Any, Self

from litestar import Router

__all__ = ["Part"]


class Part(Router):
    """A router that is made for one app, and put into one place there.

    Litestar registers a deep copy of a router, in case that it is registered elsewhere, too. For routers within routers
    that copies every handler several times over, which is a tenth of a server's start, and nobody needs the originals.
    """

    __slots__ = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Give the router itself: nobody else has it."""
        return self
