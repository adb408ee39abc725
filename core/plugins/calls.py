"""One hook implementation as the executor sees it, and what is counted about it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from ..hook_versions import Adapter
from ..hookmarkers import Wanted

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Counters", "HookCall", "HookStatistics", "is_any_wanted"]


@dataclass(slots=True)
class Counters:
    """Running totals of one implementation; only the event loop's thread writes them."""

    calls: int = 0
    failures: int = 0
    timeouts: int = 0
    total_ms: float = 0.0


class HookStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """How one plugin's implementation of one hook has done so far.

    Attributes:
        plugin: Id of the plugin.
        hook: Name of the hook.
        calls: How often it was called.
        failures: How often it raised or answered with a wrong type, time-outs left out.
        timeouts: How often it was given up.
        total_ms: Milliseconds over all calls, waiting for a worker thread included.
    """

    plugin: str
    hook: str
    calls: int
    failures: int
    timeouts: int
    total_ms: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HookCall:
    """One plugin's implementation of one hook.

    Attributes:
        hook: Name of the hook.
        plugin: Id of the plugin.
        version: Version of the plugin's distribution; empty when unknown.
        function: The implementation.
        takes: The hook's arguments that it wants.
        asynchronous: Whether it is a coroutine function.
        nonblocking: Whether it may run on the event loop although it is synchronous.
        wanted: Says, given the settings, whether it is to be told; None for always.
        tier: 0 for ``tryfirst``, 2 for ``trylast``, else 1.
        optional: Whether the plugin does without it when a host has no such hook.
        successor: The hook in whose place it is called, when its own is deprecated.
        adapter: How it is called when it uses what is deprecated.
        settings: The plugin's own settings.
        counters: What is counted about it.
    """

    hook: str
    plugin: str
    version: str
    function: Callable[..., Any]
    takes: tuple[str, ...]
    asynchronous: bool
    nonblocking: bool
    wanted: Wanted | None = None
    tier: int = 1
    optional: bool = False
    successor: str | None = None
    adapter: Adapter = field(default_factory=Adapter)
    settings: BaseModel | None = None
    counters: Counters = field(default_factory=Counters)

    @property
    def serves(self) -> str:
        """The hook that it is called for: its own, or the successor of that."""
        return self.successor or self.hook

    @property
    def immediate(self) -> bool:
        """Whether it is called on the event loop, and its answer is there when the call returns."""
        return self.nonblocking and not self.asynchronous

    @property
    def is_wanted(self) -> bool:
        """Whether it wants to be told now; so does one that cannot say."""
        return is_any_wanted((self,))

    def arguments(self, values: Mapping[str, object]) -> dict[str, object]:
        """Pick what the implementation takes from what the hook offers, its plugin's settings among it."""
        own, adapter = self.settings, self.adapter
        if not adapter.arguments and not adapter.convert:
            taken: dict[str, object] = {}
            for name in self.takes:
                taken[name] = own if name == "settings" else values[name]
            return taken
        return {name: own if name == "settings" else adapter.value(name, values) for name in self.takes}

    def answer(self, given: object) -> object:
        """What the implementation gave, as the hook that it serves wants it."""
        return given if self.adapter.answer is None else self.adapter.answer(given)

    def statistics(self) -> HookStatistics:
        """A snapshot of the counters."""
        counted = self.counters
        return HookStatistics(
            plugin=self.plugin,
            hook=self.hook,
            calls=counted.calls,
            failures=counted.failures,
            timeouts=counted.timeouts,
            total_ms=counted.total_ms,
        )


def is_any_wanted(calls: Iterable[HookCall]) -> bool:
    """Whether one of some implementations wants to be told now; asked of each event, and much more often than told."""
    for call in calls:
        if call.wanted is None:
            return True
        try:
            if call.wanted(call.settings):
                return True
        except BaseException:  # noqa: BLE001  (whatever a plugin raises, as the call itself would be caught, too)
            return True
    return False


def wanted_arguments(
    function: Callable[..., Any], arguments: tuple[str, ...], offered: tuple[str, ...]
) -> tuple[str, ...]:
    """Which of a hook's arguments an implementation takes.

    Args:
        function: The implementation.
        arguments: The hook's arguments; ``**kwargs`` takes them all.
        offered: What may be taken by name: its arguments, and what they were called before.
    """
    parameters = inspect.signature(function).parameters.values()
    names = {p.name for p in parameters if p.kind is not p.VAR_POSITIONAL}
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        names |= set(arguments)
    return tuple(name for name in offered if name in names)
