"""The test host: a promptdock of a test's own, with its plugins and a model that says what it is told."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from .chaos import Chaos, TroubleTime
from .decided import Selection, assert_not_selected, assert_selected
from .life import HostLife
from .loop import LoopThread
from .opened import OpenedHost
from .plugins import PluginSource, wanted_plugins
from .schemas import beside, check_snapshot
from .script import Answer, Script, ScriptItem
from .troubled import Trouble
from .turns import ToolReply, Turn, value_of

if TYPE_CHECKING:
    from litestar import Litestar

    from ..plugins.catalog import PluginRecord
    from ..service import PromptService
    from ..settings import Settings
    from ..turn.events import Event

__all__ = ["API_KEY", "Host"]

_T = TypeVar("_T")
API_KEY: Final = "promptdock-test-key"
"""What callers of a test host's web app send."""


class Host:
    """A promptdock of a test's own: only the named plugins, nothing of the environment or ``promptdock.toml``.

    It starts when it is first used. Its methods wait for the result; those that begin with ``a`` are for ``async def``
    tests. Close it, or use it as a context manager.

    Args:
        plugins: Installed plugins by id or distribution, one-file plugins by path, objects or modules with hooks, or
            mappings of ids to these.
        settings: Further settings, by their names in ``promptdock.toml``, e.g. ``{"plugins": {"dice": {"sides": 8}}}``.
            A host with ``{"strict": False}`` also opens with plugins that cannot be loaded, in quarantine.
        network: Whether real traffic is allowed; otherwise whatever does not stay on this machine is refused.
        update: Whether snapshots are written instead of compared.
    """

    def __init__(
        self,
        plugins: Sequence[PluginSource] = (),
        *,
        settings: Mapping[str, Any] | None = None,
        network: bool = False,
        update: bool = False,
    ) -> None:
        wanted = wanted_plugins([plugins] if isinstance(plugins, (str, Path)) else plugins)
        given = dict(settings or {})
        self._update = update
        self._script = Script()
        self._chaos = Chaos()
        self._life = HostLife(
            lambda home: OpenedHost.open(wanted, given, home, self._script, self._chaos, api_key=API_KEY),
            network=network,
        )

    def __repr__(self) -> str:
        state = self._life.state
        names = [record.name for record in self.plugins] if state == "open" else []
        return f"<promptdock.testing.Host: {state}{', with ' if names else ''}{', '.join(names)}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    @property
    def settings(self) -> Settings:
        """What this host runs with."""
        return self._life.opened.service.settings

    @property
    def service(self) -> PromptService:
        """The prompt service; it belongs to this host's own event loop, see :meth:`run`."""
        return self._life.opened.service

    @property
    def plugins(self) -> tuple[PluginRecord, ...]:
        """This host's plugins, those in quarantine included."""
        return self._life.opened.plugins

    @property
    def app(self) -> Litestar:
        """The web app over this host's service, started; made when it is first asked for."""
        return self._life.run(lambda opened: opened.app())

    @property
    def thread(self) -> LoopThread:
        """The thread of :attr:`loop`: what is submitted there is kept off the network, as tools are."""
        return self._life.thread

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that service and app belong to; it runs in a thread of its own."""
        return self._life.thread.loop

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine on this host's event loop, and wait for it."""
        self._life.open_for(work)
        return self._life.run(lambda _: work)

    async def arun(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine on this host's event loop, from a coroutine of another one."""
        self._life.open_for(work)
        return await self._life.arun(lambda _: work)

    def prompt(self, text: str | None = None, **members: Any) -> Turn:
        """Answer a prompt; when it returns, observers have heard of everything.

        Args:
            text: What the user says. Without a :meth:`script` it may be one itself, as JSON:
                ``{"tool_calls": [{"tool": "roll_dice", "arguments": {"sides": 6}}], "text": "There it is."}``.
            **members: ``messages`` that were said before, ``model``, and further members of
                :class:`~promptdock.PromptRequest`.

        Returns:
            The turn; a failed one has a ``failure``.

        Raises:
            PromptdockError: The prompt cannot be answered.
            ScriptError: The script does not fit what the model was asked.
        """
        return self._life.run(lambda opened: opened.prompt(text, members))

    async def aprompt(self, text: str | None = None, **members: Any) -> Turn:
        """:meth:`prompt` for ``async def`` tests."""
        return await self._life.arun(lambda opened: opened.prompt(text, members))

    def script(self, *items: ScriptItem | Sequence[ScriptItem] | Answer) -> None:
        """Tell the model what to answer; without items it goes by the words of the prompt again.

        Args:
            *items: One item for each round, or all of them in one list: a text, ``calls("roll_dice", sides=6)``, a list
                of several calls at once, ``fails(429)`` or an exception of the openai package, or a completion object.
                Or one function, sync or async, that gets each :class:`~promptdock.CompletionCall` and gives such an
                item.
        """
        self._script.set(*items)

    @property
    def script_left(self) -> int:
        """How many items of the script the model was not asked for yet."""
        return self._script.left

    def assert_script_used(self) -> None:
        """Assert that the model was asked for every item of the script."""
        __tracebackhide__ = True
        self._script.assert_used()

    def call(self, tool: str, arguments: Mapping[str, Any] | None = None, /, **named: Any) -> Any:
        """Run one tool as a turn would: checked, asked about, timed, its result as JSON.

        Args:
            tool: Its wire name, or its id ``plugin.tool``.
            arguments: The arguments as an object, for names that Python does not take.
            **named: The arguments by name.

        Returns:
            The result as data.

        Raises:
            ToolCallFailed: It gave an error; see :meth:`reply` for one that is wanted.
            AssertionError: There is no such tool.
        """
        __tracebackhide__ = True
        return value_of(self.reply(tool, arguments, **named))

    async def acall(self, tool: str, arguments: Mapping[str, Any] | None = None, /, **named: Any) -> Any:
        """:meth:`call` for ``async def`` tests."""
        __tracebackhide__ = True
        return value_of(await self.areply(tool, arguments, **named))

    def reply(self, tool: str, arguments: Mapping[str, Any] | str | None = None, /, **named: Any) -> ToolReply:
        """Run one tool and give its whole answer, an error as well as a result.

        Args:
            tool: Its wire name, or its id ``plugin.tool``.
            arguments: The arguments as an object, or as the text that a model would write.
            **named: The arguments by name.
        """
        __tracebackhide__ = True
        given = arguments if isinstance(arguments, str) else {**(arguments or {}), **named}
        return self._life.run(lambda opened: opened.call(tool, given))

    async def areply(self, tool: str, arguments: Mapping[str, Any] | str | None = None, /, **named: Any) -> ToolReply:
        """:meth:`reply` for ``async def`` tests."""
        given = arguments if isinstance(arguments, str) else {**(arguments or {}), **named}
        return await self._life.arun(lambda opened: opened.call(tool, given))

    def tell(self, *events: Event) -> None:
        """Tell observers of events, as if they had happened; when it returns, they have heard of everything so far.

        Args:
            *events: Events of turns and of what is around them; :func:`promptdock.testing.turn_events` and
                :func:`promptdock.testing.service_events` give one of each kind.
        """
        self._life.run(lambda opened: opened.tell(events))

    async def atell(self, *events: Event) -> None:
        """:meth:`tell` for ``async def`` tests."""
        await self._life.arun(lambda opened: opened.tell(events))

    def select(self, text: str, **members: Any) -> Selection:
        """Say which tools a prompt gets to see, and why; no model is asked."""
        return self._life.run(lambda opened: opened.select(text, members))

    async def aselect(self, text: str, **members: Any) -> Selection:
        """:meth:`select` for ``async def`` tests."""
        return await self._life.arun(lambda opened: opened.select(text, members))

    def assert_selected(self, *tools: str, prompt: str) -> None:
        """Assert that a prompt gets to see tools; see :func:`promptdock.testing.assert_selected`."""
        __tracebackhide__ = True
        assert_selected(self, *tools, prompt=prompt)

    def assert_not_selected(self, *tools: str, prompt: str, because: str | None = None) -> None:
        """Assert that a prompt does not; see :func:`promptdock.testing.assert_not_selected`."""
        __tracebackhide__ = True
        assert_not_selected(self, *tools, prompt=prompt, because=because)

    def assert_schemas(self, path: Path | str, *, update: bool = False) -> None:
        """Assert that what models read of the tools is as in a snapshot.

        Args:
            path: The snapshot, a JSON file; a relative path starts at the folder of the test.
            update: Write it; ``pytest --promptdock-update`` does so for all.

        Raises:
            AssertionError: They differ, or there is none; the text says of each change whether it breaks callers.
        """
        __tracebackhide__ = True
        file = beside(sys._getframe(1).f_code.co_filename, path)  # noqa: SLF001  (documented, and there is no other)
        check_snapshot(file, self._life.opened.tools(), update=update or self._update)

    def chaos(
        self,
        *,
        plugin: str,
        hook: str | None = None,
        tool: str | None = None,
        delay: float = 0.0,
        raises: BaseException | type[BaseException] | None = None,
        cancel_after: float | None = None,
    ) -> TroubleTime:
        """Make trouble for a plugin: from now on, to the end of a ``with`` block or until :meth:`calm`.

        Args:
            plugin: Its id.
            hook: The one hook that it befalls, ``rule`` for its selection rules, ``tool`` for its tools; None for all.
            tool: The one tool, by wire name or id; None for all.
            delay: Seconds that each call takes longer; a sync function really blocks its thread.
            raises: What each call raises.
            cancel_after: Seconds after which each call is cancelled, as if its task were.

        Raises:
            ConfigurationError: The plugin is not there, or has no such part.
        """
        _ = self._life.opened
        return self._chaos.begin(
            Trouble(plugin=plugin, hook=hook, tool=tool, delay=delay, raises=raises, cancel_after=cancel_after)
        )

    def calm(self) -> None:
        """End all trouble; whatever is held up by it goes on."""
        self._chaos.calm()

    def close(self) -> None:
        """Close the app, the service and the event loop, and remove what was stored; once."""
        self._chaos.calm()
        self._life.close()
