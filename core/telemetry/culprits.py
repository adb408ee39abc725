"""Whose code a stack is in: the plugin's whose function, or module, is nearest to where it stands."""

from __future__ import annotations

import functools
import inspect
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ..plugins.discovery import CODE

if TYPE_CHECKING:
    from ..plugins.calls import HookCall
    from ..plugins.catalog import Catalog

__all__ = ["OTHERS", "OURS", "Culprit", "Culprits"]

OURS: Final = "promptdock"
"""Stands for our own code."""
OTHERS: Final = "other"
"""Stands for code that is neither a plugin's nor ours: of the program that embeds promptdock, of Python itself."""
_OUR_PACKAGE: Final = __name__.partition(".")[0]
_BUILT_IN: Final = f"{_OUR_PACKAGE}_builtin"
_PROVIDES: Final = ("complete", "stream", "relay", "models", "capabilities", "aclose")


class Culprit(msgspec.Struct, frozen=True):
    """Whose code it is.

    Attributes:
        plugin: Id of the plugin; or one of the two words above.
        what: What of it runs, e.g. ``tool dice.roll_dice``; empty when unknown.
    """

    plugin: str
    what: str = ""


class Culprits:
    """Knows the functions and modules of plugins.

    Args:
        functions: By code, whose they are and what they do.
        modules: By name, whose they are with all that lies below them.
    """

    def __init__(self, functions: Mapping[CodeType, Culprit], modules: Mapping[str, str]) -> None:
        self._functions = functions
        self._modules = modules

    @classmethod
    def of(cls, catalog: Catalog, calls: Mapping[str, tuple[HookCall, ...]]) -> Culprits:
        """Look at what plugins have registered.

        Args:
            catalog: Their providers, tools and rules.
            calls: Their hooks.
        """
        given = {record.name for record in catalog.plugins if record.distribution == CODE}
        functions: dict[CodeType, Culprit] = {}
        modules: dict[str, set[str]] = defaultdict(set)
        for plugin, what, function in _functions(catalog, calls):
            for code in _codes(function):
                functions.setdefault(code, Culprit(plugin, what))
            module = str(getattr(inspect.unwrap(function), "__module__", None) or "")
            if module and not _is_ours(module):
                modules[module].add(plugin)
                if plugin not in given:  # the package of one that code brings along is the program's
                    modules[_package(module)].add(plugin)
        alone = {module: next(iter(owners)) for module, owners in modules.items() if len(owners) == 1}
        return cls(functions, alone)

    def find(self, frame: FrameType | None) -> Culprit:
        """Say whose code a stack is in.

        Args:
            frame: The innermost of the stack.
        """
        plugin: str | None = None
        is_ours = False
        while frame is not None:
            known = self._functions.get(frame.f_code)
            if known is not None and plugin in {None, known.plugin}:
                return known
            module = str(frame.f_globals.get("__name__", ""))
            plugin = plugin or self._owner(module)
            is_ours = is_ours or _is_ours(module)
            frame = frame.f_back
        return Culprit(plugin or (OURS if is_ours else OTHERS))

    def _owner(self, module: str) -> str | None:
        while module:
            if module in self._modules:
                return self._modules[module]
            module = module.rpartition(".")[0]
        return None


def _functions(catalog: Catalog, calls: Mapping[str, tuple[HookCall, ...]]) -> Iterator[tuple[str, str, Any]]:
    """Whose each function is, what it does, and the function."""
    for tool in catalog.tools.values():
        yield tool.plugin.name, f"tool {tool.id}", tool.tool.function
    for hook, implementations in calls.items():
        for call in implementations:
            yield call.plugin, f"hook {hook}", call.function
    for name, registered in catalog.providers.items():
        for function in _methods(registered.provider, _PROVIDES):
            yield registered.plugin.name, f"provider {name}", function
    for rule in catalog.rules:
        for function in _methods(rule.rule, ("decide",)):
            yield rule.plugin.name, f"rule {type(rule.rule).__name__}", function


def _methods(thing: object, names: Iterable[str]) -> Iterator[Any]:
    """The methods that a plugin wrote itself, rather than inherits from a class of ours."""
    for name in names:
        method = getattr(type(thing), name, None)
        if inspect.isfunction(method) and not _is_ours(method.__module__):
            yield method


def _codes(function: Any) -> Iterator[CodeType]:
    for one in (function, inspect.unwrap(function)):
        while isinstance(one, functools.partial):
            one = one.func
        if inspect.ismethod(one):
            one = one.__func__
        if not inspect.isfunction(one):
            one = getattr(type(one), "__call__", None)  # noqa: B004  (asks for the method of a callable object)
        if inspect.isfunction(one):
            yield one.__code__


def _package(module: str) -> str:
    """The package that a module belongs to: itself, when it is one; the built-ins' own holds all of them."""
    if hasattr(sys.modules.get(module), "__path__"):
        return module
    package = module.rpartition(".")[0]
    return module if package in {"", _BUILT_IN} else package


def _is_ours(module: str) -> bool:
    return module == _OUR_PACKAGE or module.startswith(f"{_OUR_PACKAGE}.")
