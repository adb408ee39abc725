"""The prompt service: everything a prompt needs, in one object that belongs to whoever opened it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeAlias

from msgspec.structs import replace

from .http import SharedHttpClient
from .ids import new_request_id
from .model_directory import ModelDirectory
from .plugins.catalog import Catalog, PluginState
from .plugins.host import PluginHost
from .plugins.loader import LoadedPlugins
from .plugins.telling import plugin_events
from .providers.base import Provider
from .routing import Route, Router
from .selection.offers import Offers
from .settings import Settings, load_settings
from .threads import WorkerThreads
from .tools.runner import ToolRunner
from .turn.engine import TurnEngine
from .turn.events import Event
from .turn.fold import TurnResult, fold_turn
from .turn.handoff import HeldRounds
from .turn.messages import Message, check_thread
from .turn.meter import Meter
from .turn.observe import Observer
from .turn.plan import TurnPlan, plan_turn
from .turn.request import PromptRequest

__all__ = ["PromptService", "TurnWatcher", "open_service"]

TurnWatcher: TypeAlias = Callable[[TurnPlan], Observer | None]

_log = logging.getLogger("promptdock.service")
_DRAIN_SECONDS = 5.0
_CLOSE_SECONDS = 5.0


class PromptService:
    """Answers prompts with the providers and tools of the loaded plugins. Open it with :func:`open_service`.

    A service belongs to the event loop that first uses it.

    Args:
        settings: The settings.
        extra: Further plugins, given as objects, by plugin id; for tests and for programs that embed promptdock.
        adapt: Changes what was loaded before anything uses it: recorders, test harnesses and checks put their wrappers
            around providers, tools, rules and hooks here.

    Raises:
        ConfigurationError: The settings name a provider that no plugin registered.
        PluginError: ``settings.strict`` is set and a plugin is quarantined.

    Attributes:
        offers: What each scope of the catalog comes to.
        turn_watchers: Each gives an observer for a turn that is about to run, or None; for whoever watches all turns.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        extra: Mapping[str, object] | None = None,
        adapt: Callable[[LoadedPlugins], LoadedPlugins] | None = None,
    ) -> None:
        self.settings = settings
        self.turn_watchers: list[TurnWatcher] = []
        # tools may take all their threads for minutes; hooks and rules, which answer in seconds, have their own
        self._tool_threads = WorkerThreads(settings.tool_threads)
        self._hook_threads = WorkerThreads(settings.tool_threads)
        self.host = PluginHost.load(settings, threads=self._hook_threads, extra=extra or {}, adapt=adapt)
        for record in self.catalog.plugins:
            if record.state is PluginState.QUARANTINED:
                _log.warning("Plugin %s is in quarantine: %s. %s", record.name, record.reason, record.remedy)
            for warning in record.warnings:
                _log.warning("%s", warning)
        self.offers = Offers(self.catalog)
        self.router = Router(self.catalog.providers, default=settings.default_provider, aliases=settings.model_aliases)
        self.models = ModelDirectory(self.router, self.catalog.providers, aliases=settings.model_aliases)
        self._http = SharedHttpClient()
        self._held = HeldRounds()
        self.runner = ToolRunner(
            threads=self._tool_threads,
            http=self._http,
            timeout=settings.tool_timeout,
            result_limit=settings.tool_result_limit,
            approve=self.host.approve_tool_call,
            transform=self.host.transform_tool_result,
        )
        self._engine = TurnEngine(hooks=self.host, runner=self.runner, held=self._held, max_rounds=settings.max_rounds)

    @property
    def catalog(self) -> Catalog:
        """What the plugins registered."""
        return self.host.catalog

    def resolve(self, model: str | None) -> Route:
        """Find the provider and the model that a prompt means; see :meth:`promptdock.routing.Router.resolve`."""
        return self.router.resolve(model)

    async def plan(self, request: PromptRequest, *, turn_id: str | None = None) -> TurnPlan:
        """Settle what a turn would present and use, without running it.

        Args:
            request: The prompt.
            turn_id: Names the turn; None leaves that to the request, or to chance.

        Raises:
            PromptdockError: The request cannot be answered; nothing was done.
        """
        route = self.resolve(request.model if request.model is not None else request.defaults.model)
        if not request.request_id:
            request = replace(request, request_id=new_request_id())
        return await plan_turn(
            request,
            route.provider,
            route.model,
            turn_id=turn_id or request.turn_id,
            system_role=self.settings.system_role if request.system_role is None else request.system_role,
            offers=self.offers,
            threads=self._hook_threads,
            rule_timeout=self.settings.hook_timeout,
            held=self._held,
        )

    async def run(
        self, request: PromptRequest, *, meter: Meter | None = None, observers: Sequence[Observer] = ()
    ) -> AsyncGenerator[Event, None]:
        """Answer a prompt, told as events.

        Args:
            request: The prompt.
            meter: What watches over the turn; see :meth:`run_plan`.
            observers: Who else is told of the turn; see :meth:`run_plan`.

        Yields:
            The events of the turn; the last one is a ``TurnFinished`` or a ``TurnFailed``. Closing the generator, or
            cancelling who iterates it, cancels the upstream call and the running tools.

        Raises:
            PromptdockError: Before the first event, when the request cannot be answered; nothing was done.
        """
        plan = await self.plan(request)
        async with aclosing(self.run_plan(plan, meter=meter, observers=observers)) as events:
            async for event in events:
                yield event

    def run_plan(
        self, plan: TurnPlan, *, meter: Meter | None = None, observers: Sequence[Observer] = ()
    ) -> AsyncGenerator[Event, None]:
        """Run a turn that is planned, told as events.

        Args:
            plan: What :meth:`plan` settled; it is run once.
            meter: May refuse and shorten the turn's upstream calls and deny its tool calls; hears all of its events.
            observers: Told of every event before the turn goes on, and of a ``TurnFailed`` with the code ``cancelled``
                when the turn ends because the generator is closed or who iterates it is cancelled.

        Returns:
            The events, as :meth:`run` yields them; nothing is done before they are iterated.
        """
        watching = [one for watch in self.turn_watchers if (one := watch(plan)) is not None]
        heard_by = (*(() if meter is None else (meter,)), *observers, *watching, self.host.observer())
        return self._engine.run(plan, *heard_by, meter=meter)

    async def prompt(
        self,
        text: str | None = None,
        *,
        messages: Sequence[Message] = (),
        model: str | None = None,
        **members: Any,
    ) -> TurnResult:
        """Answer a prompt and give the whole result.

        Args:
            text: What the user says; appended to ``messages`` as a user message.
            messages: Earlier messages of the thread.
            model: ``provider/model``, or None for the default.
            **members: Further members of :class:`~promptdock.PromptRequest`.

        Returns:
            The result; a failed turn has a ``failure`` instead of a ``completion``.

        Raises:
            PromptdockError: The request cannot be answered; nothing was done.
        """
        newest = () if text is None else ({"role": "user", "content": text},)
        thread = check_thread([*messages, *newest], limit=self.settings.max_messages)
        request = PromptRequest(messages=thread, model=model, **members)
        return await fold_turn(self.run(request))

    async def aclose(self) -> None:
        """Let the hooks hear what is still to be told, then close providers and connections."""
        await self.host.drain(_DRAIN_SECONDS)
        await asyncio.gather(*(_close(registered.provider) for registered in self.catalog.providers.values()))
        await self.host.aclose()
        await self._http.aclose()


async def _close(provider: Provider) -> None:
    """Close a provider, for a while: one that hangs or fails must not keep the others open."""
    task = asyncio.ensure_future(_closed(provider))
    try:
        await asyncio.wait({task}, timeout=_CLOSE_SECONDS)
    finally:
        task.cancel()  # not waited for: it may ignore that
    if not task.done():
        _log.error("Provider %s failed to close within %g s", provider.name, _CLOSE_SECONDS)


async def _closed(provider: Provider) -> None:
    try:
        await provider.aclose()
    except Exception as error:  # noqa: BLE001  (a plugin's failure is that plugin's alone)
        _log.error("Provider %s failed to close", provider.name, exc_info=error)


@asynccontextmanager
async def open_service(
    settings: Settings | None = None,
    *,
    extra: Mapping[str, object] | None = None,
    adapt: Callable[[LoadedPlugins], LoadedPlugins] | None = None,
) -> AsyncIterator[PromptService]:
    """Open a prompt service, and close it at the end of the block.

    Args:
        settings: The settings; None reads them from the environment and ``promptdock.toml``.
        extra: Further plugins, given as objects, by plugin id.
        adapt: See :class:`PromptService`.

    Yields:
        The service.

    Raises:
        ConfigurationError: The settings are not valid.
        PluginError: ``strict`` is set and a plugin is quarantined.
    """
    service = PromptService(settings if settings is not None else load_settings(), extra=extra, adapt=adapt)
    for event in plugin_events(service.catalog.plugins):
        service.host.tell(event)
    try:
        yield service
    finally:
        await service.aclose()
