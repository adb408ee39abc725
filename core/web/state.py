"""Where the routes find the prompt service: on the app that they belong to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from ..errors import ServiceUnavailable

if TYPE_CHECKING:
    from litestar import Litestar

    from ..service import PromptService
    from ..settings import Settings

__all__ = ["lifespan", "service_of"]

_KEY = "promptdock_service"


def service_of(app: Litestar) -> PromptService:
    """The app's prompt service.

    Raises:
        ServiceUnavailable: The app is not started, or is shut down.
    """
    service: Any = app.state.get(_KEY)
    if service is None:
        raise ServiceUnavailable("The server is not up yet, or is shutting down.", retry_after=1)
    return cast("PromptService", service)


def lifespan(
    settings: Settings, service: PromptService | None, extra: Mapping[str, object] | None
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Make the part of an app's life in which prompts are answered.

    Args:
        settings: Settings of the service to open and, at the end, to drain and close.
        service: A service that somebody else opened and will close; None opens one.
        extra: Further plugins of the service to open.
    """

    @asynccontextmanager
    async def serving(app: Litestar) -> AsyncIterator[None]:
        from ..service import open_service

        try:
            if service is not None:
                app.state[_KEY] = service
                yield
                return
            async with open_service(settings, extra=extra) as opened:
                app.state[_KEY] = opened
                yield
        finally:
            app.state.pop(_KEY, None)

    return serving
