"""The plugin host: the loaded plugins of one service, and the calls of their hooks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..hookspecs import OBSERVE_SERVICE, OBSERVE_TURNS
from ..jsontext import dumps
from ..providers.base import CompletionCall
from ..tools.approval import Allow, Approval, Deny, ToolCall
from ..tools.outcome import ToolResult
from ..turn.events import Event
from .calls import HookCall, HookStatistics, is_any_wanted
from .catalog import Catalog, PluginRecord, PluginState
from .executor import HookExecutor, HookFailed, HookWatch
from .loader import LoadedPlugins, load_plugins
from .observer import HookObserver, observers_by_plugin

if TYPE_CHECKING:
    from ..hook_table import HookTable
    from ..service_events import ServiceEvent
    from ..settings import Settings
    from ..threads import WorkerThreads

__all__ = ["PluginHost"]

_log = logging.getLogger(__name__)


class PluginHost:
    """The plugins of one service. Make it with :meth:`load`, close it with :meth:`aclose`.

    Args:
        loaded: What the loader gave.
        threads: Where synchronous hooks run.
        hook_timeout: Seconds that one implementation of a per-request hook may take.
    """

    def __init__(self, loaded: LoadedPlugins, *, threads: WorkerThreads, hook_timeout: float) -> None:
        self._loaded = loaded
        self._hook_timeout = hook_timeout
        self._executor = HookExecutor(threads=threads, timeout=hook_timeout)
        self._observing = MappingProxyType({hook: loaded.calls[hook] for hook in OBSERVE_TURNS if hook in loaded.calls})
        self._observed = frozenset(kind for kind in Event.__subclasses__() if kind.hook in self._observing)
        self._deliveries: set[asyncio.Task[None]] = set()
        self._around_calls = around = {hook: loaded.calls[hook] for hook in OBSERVE_SERVICE if hook in loaded.calls}
        self._around = observers_by_plugin(around, self._executor, self._deliveries)
        self._silenced = tuple(record for record in loaded.catalog.plugins if _cannot_be_asked(record, loaded.table))
        self._closed = False
        self._listeners: dict[type[ServiceEvent], tuple[Callable[[Any], None], ...]] = {}

    @classmethod
    def load(
        cls,
        settings: Settings,
        *,
        threads: WorkerThreads,
        extra: Mapping[str, object] | None = None,
        adapt: Callable[[LoadedPlugins], LoadedPlugins] | None = None,
    ) -> PluginHost:
        """Find and load all plugins; broken ones are quarantined, not fatal.

        Args:
            settings: The host's settings.
            threads: Where synchronous hooks of requests will run.
            extra: Plugin objects by id that code brings along, loaded after the installed ones.
            adapt: Changes what was loaded before anything uses it, e.g. by wrappers around providers and tools.

        Returns:
            A host, ready to serve.

        Raises:
            ConfigurationError: ``tool_aliases`` holds something that is no wire name.
            PluginError: A plugin is quarantined and the settings say ``strict``.
        """
        loaded = load_plugins(settings, extra or {})
        if adapt is not None:
            loaded = adapt(loaded)
        return cls(loaded, threads=threads, hook_timeout=settings.hook_timeout)

    @property
    def catalog(self) -> Catalog:
        """What the loaded plugins registered, and a record of every plugin found."""
        return self._loaded.catalog

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the operator should look at although nothing is broken by it, e.g. a deny entry that hits nothing."""
        return self._loaded.warnings

    def watch_hooks(self, watch: HookWatch | None) -> None:
        """Have each call of a per-request hook told to somebody; None tells nobody any more."""
        self._executor.watch = watch

    @property
    def calls(self) -> Mapping[str, tuple[HookCall, ...]]:
        """Implementations by hook, in call order; only hooks that have any."""
        return self._loaded.calls

    def statistics(self) -> tuple[HookStatistics, ...]:
        """How each implementation of a per-request hook has done so far."""
        return tuple(
            call.statistics()
            for hook, calls in self._loaded.calls.items()
            if not hook.startswith("register_")
            for call in calls
        )

    async def approve_tool_call(self, call: ToolCall) -> Approval:
        """Ask the approval hooks; the first denial ends the asking.

        Args:
            call: The call, its arguments validated.

        Returns:
            The denial, or ``Allow()`` when somebody allowed and nobody denied, or None when all abstained. A hook that
            fails, takes too long or answers nonsense denies. So does a plugin in quarantine that has this hook: rules
            that cannot be asked are not the same as no rules.
        """
        if self._silenced:
            return _unheard(self._silenced[0])
        answer: Approval = None
        for hook in self._loaded.calls.get("approve_tool_call", ()):
            try:
                given = await self._executor.call(hook, {"call": call}, request_id=call.request_id)
            except HookFailed as failure:
                return _failed(hook, failure)
            if isinstance(given, Deny):
                return given if _is_text(given.reason) else Deny(f"Plugin {hook.plugin!r} denied it.")
            if isinstance(given, Allow):
                answer = given
            elif given is not None:
                wrong = self._executor.refuse(hook, given, "Allow, Deny or None", request_id=call.request_id)
                return _failed(hook, wrong)
        return answer

    async def prepare_completion(self, call: CompletionCall) -> CompletionCall:
        """Let plugins change an upstream call, one after the other; one that fails leaves it as it was."""
        for hook in self._loaded.calls.get("prepare_completion", ()):
            try:
                given = await self._executor.call(hook, {"call": call}, request_id=call.request_id)
            except HookFailed:
                continue
            if isinstance(given, CompletionCall) and _can_be_sent(given):
                call = replace(given, request_id=call.request_id, round=call.round)
            elif given is not None:
                self._executor.refuse(hook, given, "CompletionCall or None", request_id=call.request_id)
        return call

    async def transform_tool_result(self, result: ToolResult) -> ToolResult:
        """Let plugins change what the model reads of a result; only ``content`` is taken over, and only text."""
        for hook in self._loaded.calls.get("transform_tool_result", ()):
            try:
                given = await self._executor.call(hook, {"result": result}, request_id=result.request_id)
            except HookFailed:
                continue
            if isinstance(given, ToolResult) and _is_text(given.content):
                result = replace(result, content=given.content)
            elif given is not None:
                self._executor.refuse(hook, given, "ToolResult or None", request_id=result.request_id)
        return result

    def observer(self) -> HookObserver:
        """An observer for one turn."""
        return HookObserver(self._observing, self._executor, self._deliveries, hears=self._observed)

    def listen(self, listener: Callable[[Any], None], *kinds: type[ServiceEvent]) -> Callable[[], None]:
        """Have the host's own parts told of what happens around turns, at once and before the plugins.

        Args:
            listener: Never waits and never raises.
            kinds: The events that it is told of.

        Returns:
            What ends this.
        """
        for kind in kinds:
            self._listeners[kind] = (*self._listeners.get(kind, ()), listener)

        def stop() -> None:
            for kind in kinds:
                self._listeners[kind] = tuple(one for one in self._listeners[kind] if one != listener)

        return stop

    def wants(self, kind: type[ServiceEvent]) -> bool:
        """Whether anybody wants to be told of events of a kind now; if not, nobody has to make one."""
        if self._closed:
            return False
        if self._listeners.get(kind):
            return True
        return is_any_wanted(self._around_calls.get(kind.hook, ()))

    def tell(self, event: ServiceEvent) -> None:
        """Tell the observe hooks of something that happened around turns; never waits and never raises.

        Each plugin hears all events in the order in which they are told here, at its own pace: one that hangs holds up
        neither the caller nor another plugin. :meth:`aclose` waits for them like for those of turns; what is told
        after it reaches nobody.

        Args:
            event: What happened. Tell it on the event loop's thread.
        """
        if self._closed:
            return
        for listener in self._listeners.get(type(event), ()):
            listener(event)
        for observer in self._around.get(event.hook, ()):
            observer.tell(event)

    async def drain(self, timeout: float) -> bool:  # noqa: ASYNC109  (a bound on the wait, part of the call)
        """Wait until the observe hooks were told everything that happened so far.

        Args:
            timeout: The most seconds to wait.

        Returns:
            Whether everything was told in time.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while self._deliveries and (left := end - loop.time()) > 0:
            await asyncio.wait(set(self._deliveries), timeout=left)
        return not self._deliveries

    async def aclose(self) -> None:
        """Tell the observers what is left, for the time-out of one hook at most, and give up what still runs; once."""
        if self._closed:
            return
        self._closed = True
        if not await self.drain(self._hook_timeout):
            _log.warning("Observers were not told all events before the host closed")
            for task in self._deliveries:
                task.cancel()
        await self._executor.aclose()


def _cannot_be_asked(record: PluginRecord, table: HookTable) -> bool:
    decides = any(table.serves(hook) == "approve_tool_call" for hook in record.hooks)
    return decides and record.state is PluginState.QUARANTINED


def _unheard(record: PluginRecord) -> Deny:
    return Deny(
        f"Plugin {record.name!r}, which decides on tool calls, is in quarantine, so none is allowed. "
        "'promptdock plugins list' says what to do about it."
    )


def _can_be_sent(call: CompletionCall) -> bool:
    """Whether what a hook put together is a request at all; a dataclass takes anything."""
    try:
        body = call.body()
        dumps(body)
    except (AttributeError, TypeError, ValueError):
        return False
    messages, tools = body.get("messages", ()), body.get("tools", ())
    if not _is_text(call.model) or not messages or not all(isinstance(tool, dict) for tool in tools):
        return False
    return all(isinstance(message, dict) and _is_text(message.get("role")) for message in messages)


def _is_text(value: object) -> bool:
    """What a plugin put into a dataclass need not be what its annotation says."""
    return isinstance(value, str)


def _failed(hook: HookCall, failure: HookFailed) -> Deny:
    return Deny(f"The approval hook of plugin {hook.plugin!r} {failure.what}, which counts as a denial.")
