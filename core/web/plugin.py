"""promptdock as a Litestar plugin: everything that an app needs to answer prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from litestar import Router
from litestar.exceptions import HTTPException
from litestar.plugins import InitPlugin

from ..errors import ConfigurationError
from .auth import key_guard
from .chat import create_chat_completion
from .errors import ErrorReplies
from .fallback import Fallback
from .health import healthz, readyz
from .inventory import get_plugins, get_providers, get_tools
from .models import list_models, retrieve_model
from .paths import Territory
from .request_id import RequestIdHeader
from .state import lifespan

if TYPE_CHECKING:
    from litestar.config.app import AppConfig
    from litestar.types import ControllerRouterHandler

    from ..service import PromptService
    from ..settings import Settings

__all__ = ["PromptdockPlugin"]


class PromptdockPlugin(InitPlugin):
    """Adds promptdock's routes to a Litestar app, and opens and closes the prompt service with it.

    The host app's own routes keep their errors, their headers and their logging::

        app = Litestar(route_handlers=[...], plugins=[PromptdockPlugin(path="/llm")])

    Args:
        settings: The settings; None reads them from the environment and ``promptdock.toml``, or takes the service's.
        service: A service that is open already, and that its owner closes; None opens one with the app.
        extra: Further plugins of the service that the app opens, given as objects, by plugin id.
        path: What comes before ``/v1``, ``/api/v1``, ``/healthz`` and ``/readyz``.
        whole: True when the whole app is promptdock's: then errors and request ids of unknown paths are, too.

    Raises:
        ConfigurationError: The settings are not valid, the path has a parameter, or the app has such a plugin already.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        service: PromptService | None = None,
        extra: Mapping[str, object] | None = None,
        path: str = "",
        whole: bool = False,
    ) -> None:
        if settings is None:
            from ..settings import load_settings

            settings = service.settings if service is not None else load_settings()
        self.settings = settings
        self._service = service
        self._extra = extra
        if "{" in path:
            raise ConfigurationError(f"The path {path!r} has a parameter; promptdock's routes need a fixed one.")
        self._territory = Territory(prefix=f"/{path.strip('/')}" if path.strip("/") else "", whole=whole)

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add the routes, the error replies, the request id and the service's life to an app's configuration."""
        if any(isinstance(plugin, PromptdockPlugin) and plugin is not self for plugin in app_config.plugins):
            raise ConfigurationError(
                "An app takes one PromptdockPlugin.", hint="Mount a second one as an app of its own, with asgi()."
            )
        territory = self._territory.below(app_config.path or "")
        errors = ErrorReplies(territory)
        app_config.route_handlers.append(self._router(errors))
        app_config.lifespan.append(lifespan(self.settings, self._service, self._extra))
        app_config.before_send.append(RequestIdHeader(territory.holds))
        if territory.whole:
            app_config.exception_handlers.update({HTTPException: errors, Exception: errors})
        else:
            # unknown paths and methods never reach a router of ours: the app's own handler hears of them
            app_config.exception_handlers = Fallback.around(app_config.exception_handlers, territory, errors)
        return app_config

    def _router(self, errors: ErrorReplies) -> Router:
        key = self.settings.api_key
        guards = [] if key is None else [key_guard(key)]
        security: list[dict[str, list[str]]] = [] if key is None else [{"key": []}]

        def part(path: str, *handlers: ControllerRouterHandler) -> Router:
            return Router(path, route_handlers=handlers, guards=guards, security=security)

        handlers: dict[Any, Any] = {HTTPException: errors, Exception: errors}
        return Router(
            self._territory.prefix or "/",
            route_handlers=[
                part("/v1", create_chat_completion, list_models, retrieve_model),
                part("/api/v1", get_plugins, get_tools, get_providers),
                healthz,
                readyz,
            ],
            exception_handlers=handlers,
        )
