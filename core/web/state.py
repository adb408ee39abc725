"""Where routes and guards find the parts they need: on the app that they belong to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from ..errors import ServiceUnavailable

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.datastructures import State

    from ..prompts.dock import Dock
    from ..service import PromptService
    from ..settings import Settings
    from ..telemetry.telemetry import Telemetry
    from .auth import Access, Authenticator
    from .inside import InsideAccess
    from .journal import Sink
    from .limits import RequestLimits

__all__ = [
    "AppParts",
    "access_of",
    "app_parts",
    "dock_of",
    "inside_of",
    "lifespan",
    "limits_of",
    "provide",
    "service_of",
    "telemetry_of",
    "withdraw",
]

_PARTS = "promptdock_parts"


class AppParts(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one app. A request looks them up by one name, and more than once: they are one object.

    Attributes:
        access: What the settings say about who may come in; there from the app's making.
        limits: The rate limits; likewise.
        inside: Who may see how the server is inside; likewise.
        dock: The prompt service with its store; None while the app is not up.
        authenticator: What knows the stored keys; None while the app has no store.
        journal: What writes the journal; None while the app has none.
        telemetry: What watches the app; None while it is not up.
    """

    access: Access | None = None
    limits: RequestLimits | None = None
    inside: InsideAccess | None = None
    dock: Dock | None = None
    authenticator: Authenticator | None = None
    journal: Sink | None = None
    telemetry: Telemetry | None = None


def app_parts(app: Litestar) -> AppParts:
    """The app's parts, as they are now."""
    parts: AppParts = app.state[_PARTS]
    return parts


def dock_of(app: Litestar) -> Dock:
    """The app's dock: its prompt service with its store.

    Raises:
        ServiceUnavailable: The app is not started, or is shut down.
    """
    dock = app_parts(app).dock
    if dock is None:
        raise ServiceUnavailable("The server is not up yet, or is shutting down.", retry_after=1)
    return dock


def service_of(app: Litestar) -> PromptService:
    """The app's prompt service.

    Raises:
        ServiceUnavailable: The app is not started, or is shut down.
    """
    return dock_of(app).service


def access_of(app: Litestar) -> Access:
    """What the app's settings say about who may come in."""
    access = app_parts(app).access
    assert access is not None, "there from the app's making"
    return access


def limits_of(app: Litestar) -> RequestLimits:
    """The app's rate limits."""
    limits = app_parts(app).limits
    assert limits is not None, "there from the app's making"
    return limits


def inside_of(app: Litestar) -> InsideAccess:
    """Who may see how the server is inside."""
    inside = app_parts(app).inside
    assert inside is not None, "there from the app's making"
    return inside


def telemetry_of(app: Litestar) -> Telemetry | None:
    """What watches the app; None while it is not up."""
    return app_parts(app).telemetry


def provide(
    state: State,
    *,
    access: Access | None = None,
    authenticator: Authenticator | None = None,
    journal: Sink | None = None,
    dock: Dock | None = None,
    limits: RequestLimits | None = None,
    inside: InsideAccess | None = None,
    telemetry: Telemetry | None = None,
) -> None:
    """Put parts where :func:`app_parts` finds them.

    Args:
        state: The state of the app, or of the app to be.
        access: Replaces what was there, unless None; the others likewise.
        authenticator: Knows the stored keys.
        journal: Writes the journal.
        dock: The prompt service with its store.
        limits: Count requests.
        inside: Says who may see how the server is inside.
        telemetry: Watches the app.
    """
    before: AppParts = state.get(_PARTS) or AppParts()
    given: dict[str, Any] = {"access": access, "authenticator": authenticator, "journal": journal, "dock": dock}
    given |= {"limits": limits, "inside": inside, "telemetry": telemetry}
    state[_PARTS] = replace(before, **{name: part for name, part in given.items() if part is not None})


def withdraw(state: State, *names: str) -> None:
    """Take parts back.

    Args:
        state: The state of an app that shuts down.
        *names: Of :class:`AppParts`.
    """
    state[_PARTS] = replace(state[_PARTS], **dict.fromkeys(names))


def lifespan(
    settings: Settings, *, dock: Dock | None, service: PromptService | None, extra: Mapping[str, object] | None
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Make the part of an app's life in which prompts are answered.

    Args:
        settings: Settings of the dock to open.
        dock: One that somebody else opened and will close; None opens one, and closes it at the end.
        service: A prompt service that somebody else opened and will close, for the dock to open.
        extra: Further plugins of the service to open.
    """

    @asynccontextmanager
    async def serving(app: Litestar) -> AsyncIterator[None]:
        from ..prompts.dock import open_dock
        from .wiring import wire

        try:
            if dock is not None:
                wire(app, dock)
                yield
                return
            async with open_dock(settings, service=service, extra=extra) as opened:
                wire(app, opened)
                yield
        finally:
            withdraw(app.state, "dock", "authenticator", "journal")
            await limits_of(app).aclose()

    return serving
