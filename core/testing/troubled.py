"""Functions of plugins with trouble around them, which is looked for at each call."""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = ["Trouble", "troubled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What befalls a plugin.

    Attributes:
        plugin: Its id.
        hook: The one hook that it befalls, ``rule`` for its selection rules, ``tool`` for its tools; None for all.
        tool: The one tool, by wire name or id; None for all.
        delay: Seconds that each call takes longer. A sync function really blocks its thread, a ``nonblocking`` one the
            event loop, as a plugin that keeps no promise would.
        raises: What each call raises.
        cancel_after: Seconds after which each call is cancelled, as if its task were. Nobody can stop a thread, so a
            sync function is not run: what is shown is how its cancellation looks from outside.
        over: Set when the trouble is over; whoever is held up by it goes on at once.
    """

    plugin: str
    hook: str | None = None
    tool: str | None = None
    delay: float = 0.0
    raises: BaseException | type[BaseException] | None = None
    cancel_after: float | None = None
    over: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)

    def befalls(self, *, plugin: str, hooks: Sequence[str], tools: Sequence[str] = ()) -> bool:
        """Whether it befalls one part of a plugin.

        Args:
            plugin: The plugin's id.
            hooks: Names of the hook that the part is for.
            tools: Names of the tool that it is, if it is one.
        """
        if self.plugin != plugin:
            return False
        if self.tool is not None:
            return self.tool in tools
        return self.hook is None or self.hook in hooks

    def block(self) -> None:
        """Hold up a sync function, and let it fail."""
        if self.cancel_after is not None and (self.raises is None or self.cancel_after <= self.delay):
            self.over.wait(self.cancel_after)
            raise asyncio.CancelledError
        if self.delay:
            self.over.wait(self.delay)
        self.fail()

    def fail(self) -> None:
        """Raise what it raises."""
        if self.raises is not None:
            raise self.raises


_Find: TypeAlias = Callable[[], Sequence[Trouble]]


def troubled(function: Callable[..., Any], find: _Find) -> Callable[..., Any]:
    """Put the trouble around a function that there is at the time of each call.

    Args:
        function: A function or coroutine function.
        find: Gives the troubles that befall it now.
    """
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004

        @functools.wraps(function)
        async def awaited(*args: Any, **values: Any) -> Any:
            troubles = find()
            work = _slowed(function, troubles, args, values)
            limits = [trouble.cancel_after for trouble in troubles if trouble.cancel_after is not None]
            return await (_cancelled_after(work, min(limits)) if limits else work)

        return awaited

    @functools.wraps(function)
    def called(*args: Any, **values: Any) -> Any:
        for trouble in find():
            trouble.block()
        return function(*args, **values)

    return called


async def _slowed(function: Callable[..., Any], troubles: Sequence[Trouble], args: Any, values: Any) -> Any:
    for trouble in troubles:
        await asyncio.sleep(trouble.delay)
        trouble.fail()
    return await function(*args, **values)


async def _cancelled_after(work: Coroutine[Any, Any, Any], seconds: float) -> Any:
    task = asyncio.ensure_future(work)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
    if not done:
        await asyncio.wait({task})
    return task.result()
