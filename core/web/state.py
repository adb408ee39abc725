"""Where routes and guards find the parts they need: on the app that they belong to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

from ..errors import ServiceUnavailable

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.datastructures import State

    from ..plugins.host import PluginHost
    from ..prompts.dock import Dock
    from ..service import PromptService
    from ..settings import Settings
    from ..telemetry.telemetry import Telemetry
    from .auth import Access, Authenticator
    from .inside import InsideAccess
    from .journal import Sink
    from .limits import RequestLimits

__all__ = [
    "access_of",
    "authenticator_of",
    "dock_of",
    "host_of",
    "inside_of",
    "journal_of",
    "lifespan",
    "limits_of",
    "provide",
    "service_of",
    "telemetry_of",
    "withdraw_telemetry",
]

_DOCK = "promptdock_dock"
_ACCESS = "promptdock_access"
_AUTHENTICATOR = "promptdock_authenticator"
_JOURNAL = "promptdock_journal"
_LIMITS = "promptdock_limits"
_INSIDE = "promptdock_inside"
_TELEMETRY = "promptdock_telemetry"


def dock_of(app: Litestar) -> Dock:
    """The app's dock: its prompt service with its store.

    Raises:
        ServiceUnavailable: The app is not started, or is shut down.
    """
    dock: Dock | None = _found(app, _DOCK)
    if dock is None:
        raise ServiceUnavailable("The server is not up yet, or is shutting down.", retry_after=1)
    return dock


def host_of(app: Litestar) -> PluginHost | None:
    """The app's plugins; None while it is not started, and once it is shut down."""
    dock: Dock | None = _found(app, _DOCK)
    return None if dock is None else dock.host


def service_of(app: Litestar) -> PromptService:
    """The app's prompt service.

    Raises:
        ServiceUnavailable: The app is not started, or is shut down.
    """
    return dock_of(app).service


def access_of(app: Litestar) -> Access:
    """What the app's settings say about who may come in; there from the app's making."""
    access: Access = app.state[_ACCESS]
    return access


def authenticator_of(app: Litestar) -> Authenticator | None:
    """What knows the stored keys; None while the app has no store."""
    authenticator: Authenticator | None = _found(app, _AUTHENTICATOR)
    return authenticator


def journal_of(app: Litestar) -> Sink | None:
    """What writes the journal; None while the app has none."""
    sink: Sink | None = _found(app, _JOURNAL)
    return sink


def limits_of(app: Litestar) -> RequestLimits:
    """The app's rate limits; there from the app's making."""
    limits: RequestLimits = app.state[_LIMITS]
    return limits


def inside_of(app: Litestar) -> InsideAccess:
    """Who may see how the server is inside; there from the app's making."""
    inside: InsideAccess = app.state[_INSIDE]
    return inside


def telemetry_of(app: Litestar) -> Telemetry | None:
    """What watches the app; None while it is not up."""
    telemetry: Telemetry | None = _found(app, _TELEMETRY)
    return telemetry


def _found(app: Litestar, name: str) -> Any:
    try:
        return app.state[name]  # requests ask several times, and both get and getattr take five times as long
    except KeyError:
        return None


def withdraw_telemetry(state: State) -> None:
    """Take back what watches an app that shuts down."""
    state.pop(_TELEMETRY, None)


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
    """Put parts where :func:`access_of` and its neighbours find them.

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
    parts: dict[str, object] = {_ACCESS: access, _AUTHENTICATOR: authenticator, _JOURNAL: journal, _DOCK: dock}
    parts |= {_LIMITS: limits, _INSIDE: inside, _TELEMETRY: telemetry}
    for name, part in parts.items():
        if part is not None:
            state[name] = part


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
            for name in (_DOCK, _AUTHENTICATOR, _JOURNAL):
                app.state.pop(name, None)
            await limits_of(app).aclose()

    return serving
