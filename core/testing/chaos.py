"""Trouble on purpose: a plugin's tools, rules and hooks are slow, fail, or are cancelled, while a test looks on."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Final

from ..errors import ConfigurationError
from ..plugins.catalog import RegisteredRule, RegisteredTool
from .troubled import Trouble, troubled

if TYPE_CHECKING:
    from ..plugins.calls import HookCall
    from ..plugins.loader import LoadedPlugins

__all__ = ["Chaos", "TroubleTime"]

_TOOL: Final = "tool"
_RULE: Final = "rule"


@dataclass(frozen=True, slots=True)
class _Parts:
    """What trouble may befall of one plugin: names of its tools, and of its hooks."""

    tools: frozenset[str]
    hooks: frozenset[str]


class TroubleTime:
    """The time that one trouble lasts: from now on, to the end of a ``with`` block or until the host is calmed.

    Args:
        chaos: The troubles of the host.
        trouble: The one that has begun.
    """

    def __init__(self, chaos: Chaos, trouble: Trouble) -> None:
        self._chaos = chaos
        self._trouble = trouble

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """End it; once."""
        self._chaos.end(self._trouble)


class Chaos:
    """The troubles of one host; there are none at first."""

    def __init__(self) -> None:
        self._troubles: tuple[Trouble, ...] = ()
        self._parts: Mapping[str, _Parts] = MappingProxyType({})

    def begin(self, trouble: Trouble) -> TroubleTime:
        """Begin one.

        Raises:
            ConfigurationError: It befalls nobody, or is none.
        """
        self._check(trouble)
        self._troubles = (*self._troubles, trouble)
        return TroubleTime(self, trouble)

    def end(self, trouble: Trouble) -> None:
        """End one; whoever is held up by it goes on."""
        self._troubles = tuple(other for other in self._troubles if other is not trouble)
        trouble.over.set()

    def calm(self) -> None:
        """End them all."""
        for trouble in self._troubles:
            self.end(trouble)

    def adapt(self, loaded: LoadedPlugins, plugins: Iterable[str]) -> LoadedPlugins:
        """Put the wrappers around what was loaded that look for trouble at each call.

        Args:
            loaded: What was loaded.
            plugins: Ids of the plugins that there may be trouble with.
        """
        self._parts = {name: _parts_of(name, loaded) for name in plugins}
        catalog = replace(
            loaded.catalog,
            tools=MappingProxyType({key: self._tool(tool) for key, tool in loaded.catalog.tools.items()}),
            rules=tuple(map(self._rule, loaded.catalog.rules)),
        )
        calls = {hook: tuple(map(self._hook, found)) for hook, found in loaded.calls.items()}
        return replace(loaded, catalog=catalog, calls=MappingProxyType(calls))

    def _tool(self, registered: RegisteredTool) -> RegisteredTool:
        plugin, names = registered.plugin.name, _names(registered)
        function = troubled(registered.tool.function, lambda: self._find(plugin, (_TOOL,), names))
        return replace(registered, tool=registered.tool.with_function(function))

    def _rule(self, registered: RegisteredRule) -> RegisteredRule:
        rule, plugin = copy.copy(registered.rule), registered.plugin.name
        vars(rule)["decide"] = troubled(rule.decide, lambda: self._find(plugin, (_RULE,)))
        return replace(registered, rule=rule)

    def _hook(self, call: HookCall) -> HookCall:
        if call.hook.startswith("register_"):
            return call
        hooks = (call.hook, call.serves)
        return replace(call, function=troubled(call.function, lambda: self._find(call.plugin, hooks)))

    def _find(self, plugin: str, hooks: Sequence[str], tools: Sequence[str] = ()) -> Sequence[Trouble]:
        return [trouble for trouble in self._troubles if trouble.befalls(plugin=plugin, hooks=hooks, tools=tools)]

    def _check(self, trouble: Trouble) -> None:
        if trouble.plugin not in self._parts:
            raise _nobody(f"This host has no plugin {trouble.plugin!r}.", trouble.plugin, self._parts)
        parts = self._parts[trouble.plugin]
        if trouble.tool is not None and trouble.tool not in parts.tools:
            raise _nobody(f"The plugin {trouble.plugin!r} has no tool {trouble.tool!r}.", trouble.tool, parts.tools)
        if trouble.hook is not None and trouble.hook not in parts.hooks:
            raise _nobody(
                f"The plugin {trouble.plugin!r} has nothing that is called per request as {trouble.hook!r}.",
                trouble.hook,
                parts.hooks,
            )
        if trouble.tool is not None and trouble.hook is not None:
            raise ConfigurationError("Trouble befalls one tool or one hook.", hint="Give tool= or hook=, not both.")
        if not trouble.delay and trouble.raises is None and trouble.cancel_after is None:
            raise ConfigurationError("This trouble is none.", hint="Give delay=, raises= or cancel_after=.")


def _parts_of(plugin: str, loaded: LoadedPlugins) -> _Parts:
    tools = [tool for tool in loaded.catalog.tools.values() if tool.plugin.name == plugin]
    calls = [call for found in loaded.calls.values() for call in found if call.plugin == plugin]
    hooks = {name for call in calls for name in (call.hook, call.serves) if not name.startswith("register_")}
    if tools:
        hooks.add(_TOOL)
    if any(rule.plugin.name == plugin for rule in loaded.catalog.rules):
        hooks.add(_RULE)
    return _Parts(frozenset(name for tool in tools for name in _names(tool)), frozenset(hooks))


def _names(registered: RegisteredTool) -> tuple[str, ...]:
    return (registered.name, registered.id, registered.tool.name, registered.tool.key)


def _nobody(text: str, name: str, known: Iterable[str]) -> ConfigurationError:
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    guess = f"Did you mean {near[0]!r}? " if near else ""
    return ConfigurationError(text, hint=f"{guess}There are: {', '.join(names) or 'none'}.")
