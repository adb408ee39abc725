"""Standing around everything that an app does.

Litestar's middlewares never see an unknown route, and its ``before_send`` hooks never learn of a caller who hung up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.types import ASGIApp

__all__ = ["BROKEN", "HUNG_UP", "around"]

BROKEN: Final = 500
"""The status of a request whose reply broke off."""
HUNG_UP: Final = 499
"""The status, which only logs know, of a request whose caller hung up before the end of the reply."""


def around(wrap: Callable[[ASGIApp], object]) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Make the part of an app's life in which another ASGI app stands around it.

    Args:
        wrap: Takes what the app does, and gives what stands around it.
    """

    @asynccontextmanager
    async def standing(app: Litestar) -> AsyncIterator[None]:
        inner = app.asgi_handler
        app.asgi_handler = cast("ASGIApp", wrap(inner))
        try:
            yield
        finally:
            app.asgi_handler = inner

    return standing
