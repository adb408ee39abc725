"""promptdock as a Litestar plugin: everything that an app needs to answer prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from litestar.exceptions import HTTPException
from litestar.plugins import InitPlugin

from ..errors import ConfigurationError
from ..hosts import HostForms
from .allow import correct_allow
from .auth import Access, key_required, openai_access
from .chat import create_chat_completion
from .cors import cors_headers
from .errors import ErrorReplies
from .explain import explain_prompt
from .fallback import Fallback
from .health import healthz, readyz
from .inside import InsideAccess
from .inventory import get_plugins, get_providers, get_tools
from .limits import RequestLimits, add_rate_headers, rate_limited
from .log_levels import LOG_LEVEL_ROUTES
from .metrics import show_metrics
from .models import list_models, retrieve_model
from .part import Part
from .paths import Territory
from .prompts import config_at_host, config_by_reference, prompt_at_host, prompt_by_reference
from .relay import RELAY_ROUTES
from .request_id import add_request_id
from .resources.routes import RESOURCE_ROUTES
from .state import lifespan, provide
from .watching import watching

if TYPE_CHECKING:
    from litestar.config.app import AppConfig
    from litestar.types import ControllerRouterHandler

    from ..prompts.dock import Dock
    from ..service import PromptService
    from ..settings import Settings
    from .heads import Head

__all__ = ["PromptdockPlugin"]


class PromptdockPlugin(InitPlugin):
    """Adds promptdock's routes to a Litestar app, and opens and closes the prompt service with it.

    The host app's own routes keep their errors, their headers and their logging::

        app = Litestar(route_handlers=[...], plugins=[PromptdockPlugin(path="/llm")])

    Args:
        settings: The settings; None reads them from the environment and ``promptdock.toml``, or takes the service's.
        dock: One that is open already, and that its owner closes; None opens one with the app.
        service: A prompt service that is open already, for the dock that the app opens.
        extra: Further plugins of the service that the app opens, given as objects, by plugin id.
        path: What comes before ``/v1``, ``/api/v1``, ``/healthz``, ``/readyz`` and ``/metrics``.
        whole: True when the whole app is promptdock's: then errors and request ids of unknown paths are, too.

    Raises:
        ConfigurationError: The settings are not valid, the path has a parameter, or the app has such a plugin already.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        dock: Dock | None = None,
        service: PromptService | None = None,
        extra: Mapping[str, object] | None = None,
        path: str = "",
        whole: bool = False,
    ) -> None:
        if settings is None:
            from ..settings import load_settings

            opened = dock if dock is not None else service
            settings = opened.settings if opened is not None else load_settings()
        self.settings = settings
        self._dock = dock
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
        HostForms.of(self.settings.api_domain)  # refuses one that no host could ever have
        access = Access.of(self.settings)
        inside = InsideAccess.of(self.settings)
        provide(app_config.state, access=access, limits=RequestLimits.of(self.settings), inside=inside)
        app_config.route_handlers.append(self._router(errors, access))
        app_config.lifespan.append(lifespan(self.settings, dock=self._dock, service=self._service, extra=self._extra))
        heads: list[Head] = [add_request_id, add_rate_headers, correct_allow]
        cors = cors_headers(self.settings)
        if cors is not None and territory.whole:
            heads.append(cors)  # after what corrects Allow
        app_config.lifespan.append(watching(self.settings, territory, heads))
        if territory.whole:
            app_config.exception_handlers.update({HTTPException: errors, Exception: errors})
        else:
            # unknown paths and methods never reach a router of ours: the app's own handler hears of them
            app_config.exception_handlers = Fallback.around(app_config.exception_handlers, territory, errors)
        return app_config

    def _router(self, errors: ErrorReplies, access: Access) -> Part:
        needs_key: dict[str, list[str]] = {"key": []}
        may_be_open = [{}, needs_key] if access.admits_anonymous else [needs_key]

        def part(path: str, *handlers: ControllerRouterHandler) -> Part:
            return Part(path, route_handlers=handlers, guards=[openai_access], security=may_be_open)

        handlers: dict[Any, Any] = {HTTPException: errors, Exception: errors}
        counted: list[ControllerRouterHandler] = [
            part("/v1", create_chat_completion, list_models, retrieve_model),
            part("/api/v1", get_plugins, get_tools, get_providers),
            Part("/api/v1", route_handlers=[prompt_by_reference, config_by_reference], security=[needs_key]),
            Part("/api/v1", route_handlers=[explain_prompt], security=[needs_key]),
            Part("/api/v1", route_handlers=RELAY_ROUTES, security=[needs_key]),
            Part("/api/v1", route_handlers=RESOURCE_ROUTES, guards=[key_required], security=[needs_key]),
            Part("/api/v1", route_handlers=LOG_LEVEL_ROUTES, guards=[key_required], security=[needs_key]),
            prompt_at_host,
            config_at_host,
        ]
        health: list[ControllerRouterHandler] = [healthz, readyz, *([show_metrics] if self.settings.metrics else [])]
        return Part(
            self._territory.prefix or "/",
            route_handlers=[Part("/", route_handlers=counted, guards=[rate_limited]), *health],
            exception_handlers=handlers,
        )
