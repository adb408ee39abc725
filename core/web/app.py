"""The app's factory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from litestar import Litestar
from litestar.plugins.core import MsgspecDIPlugin

from .docs import asset_route, openapi_config
from .plugin import PromptdockPlugin

if TYPE_CHECKING:
    from litestar.plugins import PluginProtocol

    from ..prompts.dock import Dock
    from ..service import PromptService
    from ..settings import Settings

__all__ = ["create_app"]


class _App(Litestar):
    """Litestar without what it adds for handlers that take or give objects of pydantic or attrs: none of ours does.

    To add it costs a start thirty milliseconds, as pydantic's version 1 is imported, which nothing here uses. A later
    Litestar that asks in another way gets it added again, and is as good.
    """

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


def create_app(
    settings: Settings | None = None,
    *,
    dock: Dock | None = None,
    service: PromptService | None = None,
    extra: Mapping[str, object] | None = None,
) -> Litestar:
    """Make the app that ``promptdock serve`` runs; also a factory for any ASGI server: ``promptdock.web:create_app``.

    Args:
        settings: The settings; None reads them from the environment and ``promptdock.toml``, or takes the dock's.
        dock: One that is open already, and that its owner closes; None opens one with the app, and closes it when the
            app shuts down.
        service: A prompt service that is open already, for the dock that the app opens.
        extra: Further plugins of the service that the app opens, given as objects, by plugin id.

    Raises:
        ConfigurationError: The settings are not valid.
    """
    plugin = PromptdockPlugin(settings, dock=dock, service=service, extra=extra, whole=True)
    return _App(
        route_handlers=[asset_route()],
        plugins=[plugin],
        openapi_config=openapi_config(),
        # Litestar's logging would take over the root logger; ours writes to "promptdock.web" and leaves the rest alone
        logging_config=None,
    )
