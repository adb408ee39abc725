"""Looking a plugin object over: does it implement hooks, and in a form that the host can call?"""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from typing import Any

import pluggy

from .. import hookspecs
from ..hookmarkers import PROJECT, is_nonblocking
from .calls import HookCall, wanted_arguments
from .quarantine import Quarantine, describe_exception

__all__ = ["HOOKS", "inspect_plugin", "new_manager"]

HOOKS: tuple[str, ...] = (*hookspecs.REGISTER, *hookspecs.DECIDE, *hookspecs.TRANSFORM, *hookspecs.OBSERVE)
"""Every hook, in the order of the kinds."""

_OFFERED = {name: tuple(inspect.signature(getattr(hookspecs, name)).parameters) for name in HOOKS}


def new_manager() -> pluggy.PluginManager:
    """A plugin manager that knows the hooks of promptdock and no plugin."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def inspect_plugin(manager: pluggy.PluginManager, name: str, plugin: object, version: str) -> tuple[HookCall, ...]:
    """Register a plugin with pluggy and give its hook implementations.

    Args:
        manager: The host's plugin manager; it is left as it was when the plugin is refused.
        name: The plugin's id.
        plugin: The plugin object.
        version: Its distribution's version.

    Returns:
        Its implementations, in the order of the kinds.

    Raises:
        Quarantine: It implements no hook, an unknown one, or one in a form that cannot be called.
    """
    if plugin is None or inspect.isclass(plugin):
        what = "None" if plugin is None else f"the class {plugin.__name__}"
        raise Quarantine(f"it is {what}, not a plugin object", "Point the entry point at a module or an instance.")
    _check_marks(manager, plugin)
    try:
        manager.register(plugin, name=name)
        manager.check_pending()
        return _calls(manager, name, version)
    except pluggy.PluginValidationError as error:
        _forget(manager, name)
        raise Quarantine(_first_lines(error), _SIGNATURE, cause=error) from error
    except BaseException:
        _forget(manager, name)
        raise


def _forget(manager: pluggy.PluginManager, name: str) -> None:
    if manager.has_plugin(name):
        manager.unregister(name=name)


_SIGNATURE = "Take only arguments that the hook has; 'promptdock.hookspecs' documents each hook."


def _first_lines(error: pluggy.PluginValidationError) -> str:
    """Give pluggy's text without the dump of the plugin object in its first line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith("Plugin ")] or lines
    return "wrong hook signature: " + " ".join(kept)


def _check_marks(manager: pluggy.PluginManager, plugin: object) -> None:
    """Refuse what pluggy would take, or would refuse in words that do not help."""
    for attribute in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, attribute)
        if options is None:
            continue
        hook = options.get("specname") or attribute
        if options.get("wrapper") or options.get("hookwrapper"):
            raise Quarantine(
                f"its {hook} is a wrapper, which promptdock does not call",
                "Write a plain hook; 'tryfirst' and 'trylast' order it.",
            )
        if hook not in HOOKS and not options.get("optionalhook"):
            near = get_close_matches(hook, HOOKS, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "'promptdock.hookspecs' lists the hooks."
            raise Quarantine(
                f"it implements the unknown hook {hook!r}", f"{hint} Or mark it @hookimpl(optionalhook=True)."
            )
        if hook in HOOKS:
            _check_signature(hook, getattr(plugin, attribute))


def _calls(manager: pluggy.PluginManager, name: str, version: str) -> tuple[HookCall, ...]:
    found = [
        _call(hook, name, version, implementation)
        for hook in HOOKS
        for implementation in getattr(manager.hook, hook).get_hookimpls()
        if implementation.plugin_name == name
    ]
    if not found:
        raise Quarantine("it implements no hook; did you forget @hookimpl?", "Mark its hooks with @hookimpl.")
    return tuple(found)


def _call(hook: str, name: str, version: str, implementation: pluggy.HookImpl) -> HookCall:
    function: Any = implementation.function
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise Quarantine(f"its {hook} is a generator", f"Return from {hook} instead of yielding.")
    asynchronous = inspect.iscoroutinefunction(function)
    if asynchronous and hook in hookspecs.REGISTER:
        raise Quarantine(f"its {hook} is 'async def'", f"Write {hook} as a plain 'def': it runs while the host starts.")
    return HookCall(
        hook=hook,
        plugin=name,
        version=version,
        function=function,
        takes=wanted_arguments(function, _OFFERED[hook]),
        asynchronous=asynchronous,
        nonblocking=is_nonblocking(function),
        tier=0 if implementation.tryfirst else 2 if implementation.trylast else 1,
    )


def _check_signature(hook: str, function: Any) -> None:
    offered = _OFFERED[hook]
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise Quarantine(f"the signature of its {hook} cannot be read: {describe_exception(error)}") from error
    for parameter in parameters:
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise Quarantine(
                f"wrong hook signature: {hook} takes {parameter.name!r} by position only",
                "Hooks are called by name: drop the '/'.",
            )
        needed = parameter.default is parameter.empty and parameter.kind not in {
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        }
        if needed and parameter.name not in offered:
            raise Quarantine(
                f"wrong hook signature: {hook} takes the unknown argument {parameter.name!r}",
                f"{hook} has the arguments: {', '.join(offered) or 'none'}.",
            )
