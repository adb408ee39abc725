"""What a test host consists of while it is open; everything here runs on its event loop."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from ..ids import new_request_id
from ..jsontext import JsonObject
from ..plugins.catalog import Catalog, PluginRecord, RegisteredTool
from ..service import PromptService, open_service
from ..service_events import ServiceEvent
from ..tools.calls import CallRequest
from ..turn.calls import bound
from ..turn.events import Event
from ..turn.messages import check_thread
from ..turn.request import PromptRequest
from .chaos import Chaos
from .decided import Selection, find_tool
from .given_settings import given_settings
from .model import PLUGIN, ScriptedModel, ScriptedPlugin
from .own_task import in_own_task
from .plugins import Wanted, check_loaded, given_by_code
from .said import arguments_text
from .script import Script
from .turns import ToolReply, Turn, answer_data

if TYPE_CHECKING:
    from litestar import Litestar

    from ..plugins.loader import LoadedPlugins
    from ..tools.errors import ToolErrorCode

__all__ = ["OpenedHost"]

_DRAIN_SECONDS: Final = 10.0


@dataclass(slots=True, kw_only=True)
class OpenedHost:
    """A service, and the web app over it once somebody asks for it.

    Attributes:
        service: The prompt service.
        script: What the model answers.
    """

    service: PromptService
    script: Script
    _stack: AsyncExitStack = field(repr=False)
    _app: Litestar | None = None
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    @classmethod
    async def open(
        cls, wanted: Wanted, given: Mapping[str, Any], home: Path, script: Script, chaos: Chaos, *, api_key: str
    ) -> OpenedHost:
        """Open it.

        Args:
            wanted: Which plugins it has.
            given: Further settings.
            home: A folder of its own.
            script: What the model answers.
            chaos: What befalls plugins.
            api_key: What callers of the web app send, unless the settings name another.

        Raises:
            ConfigurationError: A setting is not valid, or a plugin is not installed.
            PluginError: A plugin cannot be loaded.
        """
        settings = given_settings(
            {
                "home": home,
                "plugins_dir": wanted.folder if wanted.folder is not None else home / "plugins",
                "plugins_allow": (*wanted.allowed, given_by_code(PLUGIN)),
                "default_provider": PLUGIN,
                "api_key": SecretStr(api_key),
                **given,
            }
        )
        (home / "plugins").mkdir()
        names: dict[str, str] = {}

        def adapt(loaded: LoadedPlugins) -> LoadedPlugins:
            check_loaded(loaded, wanted, broken_too=given.get("strict") is False)
            names.update({identity: tool.name for identity, tool in loaded.catalog.tools.items()})
            return chaos.adapt(loaded, [record.name for record in _of_the_test(loaded.catalog)])

        model = ScriptedModel(script, lambda tool: names.get(tool, tool))
        async with AsyncExitStack() as stack:
            extra = {**wanted.objects, PLUGIN: ScriptedPlugin(model)}
            service = await stack.enter_async_context(open_service(settings, extra=extra, adapt=adapt))
            return cls(service=service, script=script, _stack=stack.pop_all())
        raise AssertionError  # the block above never swallows an exception

    @property
    def plugins(self) -> tuple[PluginRecord, ...]:
        """The plugins of the test, without the one that brings the model."""
        return _of_the_test(self.service.catalog)

    @property
    def names(self) -> Mapping[str, str]:
        """Wire names of all tools, by id."""
        return {identity: tool.name for identity, tool in self.service.catalog.tools.items()}

    async def prompt(self, text: str | None, members: Mapping[str, Any]) -> Turn:
        """Answer a prompt."""
        given = {"request_id": new_request_id(), **members}
        result = await self.service.prompt(text, **given)
        await self.service.host.drain(_DRAIN_SECONDS)
        problem = self.script.problem_of(given["request_id"])
        if problem is not None:
            raise problem
        return Turn(text_of_prompt=text or "", result=result, tool_names=self.names)

    async def tell(self, events: Sequence[Event]) -> None:
        """Tell observers of events, those of a turn by an observer of its own."""
        of_turn = self.service.host.observer()
        for event in events:
            if isinstance(event, ServiceEvent):
                self.service.host.tell(event)
            else:
                of_turn.tell(event)
        await self.service.host.drain(_DRAIN_SECONDS)

    async def select(self, text: str, members: Mapping[str, Any]) -> Selection:
        """Say what a prompt would get to see."""
        given = dict(members)
        thread = check_thread(
            [*given.pop("messages", ()), {"role": "user", "content": text}], limit=self.service.settings.max_messages
        )
        plan = await self.service.plan(PromptRequest(messages=thread, **given))
        return Selection(
            text_of_prompt=text,
            decisions=plan.tool_set.decisions,
            tools_presented=tuple(tool.name for tool in plan.tool_set.tools),
            tool_names=self.names,
        )

    async def call(self, tool: str, arguments: Mapping[str, Any] | str) -> ToolReply:
        """Run one tool."""
        registered = self._tool(tool)
        heard = _Heard()
        outcome = await self.service.runner.run(
            CallRequest(
                call_id=f"call_{next(self._numbers)}",
                name=registered.name,
                raw_arguments=arguments_text(registered.id, arguments),
                bound=bound(registered),
                request_id=new_request_id(),
                caller="test",
                text="",
                round=1,
                presented=(registered.name,),
            ),
            heard,
        )
        return ToolReply(
            tool=registered.id,
            value=None if outcome.error is not None else answer_data(outcome.content),
            content=outcome.content,
            error=outcome.error,
            message=outcome.error_message,
            ms=outcome.ms,
            progress=tuple(heard.progress),
        )

    def tools(self) -> Mapping[str, JsonObject]:
        """What a model reads of each tool, by id."""
        return {
            identity: {
                "name": found.name,
                "description": found.tool.description,
                "parameters": found.tool.parameters,
            }
            for identity, found in self.service.catalog.tools.items()
        }

    async def app(self) -> Litestar:
        """The web app, started."""
        if self._app is None:
            from ..web import create_app

            app = create_app(service=self.service)
            await self._stack.enter_async_context(in_own_task(app.lifespan()))
            self._app = app
        return self._app

    async def aclose(self) -> None:
        """Close the app and the service."""
        await self._stack.aclose()

    def _tool(self, name: str) -> RegisteredTool:
        __tracebackhide__ = True
        tools = self.service.catalog.tools
        wire = find_tool(self.names, name)
        return next(tool for tool in tools.values() if tool.name == wire)


def _of_the_test(catalog: Catalog) -> tuple[PluginRecord, ...]:
    return tuple(record for record in catalog.plugins if record.name != PLUGIN and record.state != "denied")


class _Heard:
    """Keeps what a tool says about its progress."""

    def __init__(self) -> None:
        self.progress: list[tuple[str, float | None]] = []

    def called(self, arguments: Mapping[str, Any]) -> None:
        """Not kept."""

    def responded(self, error: ToolErrorCode | None, ms: float) -> None:
        """Not kept."""

    def progressed(self, message: str, fraction: float | None) -> None:
        """Keep it."""
        self.progress.append((message, fraction))
