"""Looking a plugin object over: does it implement hooks, and in a form that the host can call?"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pluggy

from ..hook_table import Hook, HookKind, HookTable
from ..hookmarkers import PROJECT, Wanted, is_nonblocking, wanted_by
from .calls import HookCall, wanted_arguments
from .quarantine import Quarantine
from .signatures import check_signature, refuse_removed, refuse_unknown

__all__ = ["implemented_hooks", "inspect_plugin", "new_manager"]


def new_manager(table: HookTable) -> pluggy.PluginManager:
    """A plugin manager that knows the hooks of a table and no plugin."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(table.specs)
    for hook in table.hooks.values():
        spec = getattr(manager.hook, hook.name).spec
        spec.argnames = (*spec.argnames, *hook.version.arguments)  # pluggy would refuse them
    return manager


def implemented_hooks(manager: pluggy.PluginManager, plugin: object, table: HookTable) -> tuple[str, ...]:
    """Names of the hooks that a plugin means to implement, well or not, removed ones among them; sorted."""
    marked = {hook for _, hook, _ in _marks(manager, plugin)}
    return tuple(sorted(hook for hook in marked if table.serves(hook) is not None))


def inspect_plugin(
    manager: pluggy.PluginManager, name: str, plugin: object, version: str, table: HookTable
) -> tuple[HookCall, ...]:
    """Register a plugin with pluggy and give its hook implementations.

    Args:
        manager: The host's plugin manager; it is left as it was when the plugin is refused.
        name: The plugin's id.
        plugin: The plugin object.
        version: Its distribution's version.
        table: The host's hooks.

    Returns:
        Its implementations, in the order of the kinds.

    Raises:
        Quarantine: It implements no hook, an unknown or a removed one, or one in a form that cannot be called.
    """
    if plugin is None or inspect.isclass(plugin):
        what = "None" if plugin is None else f"the class {plugin.__name__}"
        raise Quarantine(f"it is {what}, not a plugin object", "Point the entry point at a module or an instance.")
    _check_marks(manager, plugin, table)
    try:
        manager.register(plugin, name=name)
        manager.check_pending()
        return _calls(manager, name, version, table)
    except pluggy.PluginValidationError as error:
        _forget(manager, name)
        raise Quarantine(_first_lines(error), _SIGNATURE, cause=error) from error
    except BaseException:
        _forget(manager, name)
        raise


def _forget(manager: pluggy.PluginManager, name: str) -> None:
    if manager.has_plugin(name):
        manager.unregister(name=name)


_SIGNATURE = "Take only arguments that the hook has; 'promptdock hooks' lists them."


def _first_lines(error: pluggy.PluginValidationError) -> str:
    """Give pluggy's text without the dump of the plugin object in its first line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith("Plugin ")] or lines
    return "wrong hook signature: " + " ".join(kept)


def _marks(manager: pluggy.PluginManager, plugin: object) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Attribute, hook and options of everything that is marked as a hook."""
    for attribute in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, attribute)
        if options is not None:
            yield attribute, options.get("specname") or attribute, dict(options)


def _check_marks(manager: pluggy.PluginManager, plugin: object, table: HookTable) -> None:
    """Refuse what pluggy would take, or would refuse in words that do not help."""
    for attribute, hook, options in _marks(manager, plugin):
        if options.get("wrapper") or options.get("hookwrapper"):
            raise Quarantine(
                f"its {hook} is a wrapper, which promptdock does not call",
                "Write a plain hook; 'tryfirst' and 'trylast' order it.",
            )
        if hook in table.hooks:
            check_signature(table, table.hooks[hook], getattr(plugin, attribute))
        elif not options.get("optionalhook"):
            if hook in table.removed:
                refuse_removed(table.removed[hook], getattr(plugin, attribute))
            refuse_unknown(table, hook)


def _calls(manager: pluggy.PluginManager, name: str, version: str, table: HookTable) -> tuple[HookCall, ...]:
    found = [
        _call(hook, name, version, implementation)
        for hook in table.hooks.values()
        for implementation in getattr(manager.hook, hook.name).get_hookimpls()
        if implementation.plugin_name == name
    ]
    if not found:
        raise Quarantine("it implements no hook; did you forget @hookimpl?", "Mark its hooks with @hookimpl.")
    return tuple(found)


def _call(hook: Hook, name: str, version: str, implementation: pluggy.HookImpl) -> HookCall:
    function: Any = implementation.function
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise Quarantine(f"its {hook.name} is a generator", f"Return from {hook.name} instead of yielding.")
    asynchronous = inspect.iscoroutinefunction(function)
    if asynchronous and hook.kind is HookKind.REGISTER:
        raise Quarantine(
            f"its {hook.name} is 'async def'", f"Write {hook.name} as a plain 'def': it runs while the host starts."
        )
    takes = wanted_arguments(function, hook.arguments, hook.offered)
    return HookCall(
        hook=hook.name,
        plugin=name,
        version=version,
        function=function,
        takes=takes,
        asynchronous=asynchronous,
        nonblocking=is_nonblocking(function),
        wanted=_wanted(hook, function),
        tier=0 if implementation.tryfirst else 2 if implementation.trylast else 1,
        optional=implementation.optionalhook,
        successor=hook.deprecated.successor if hook.deprecated is not None else None,
        adapter=hook.adapter(takes),
    )


def _wanted(hook: Hook, function: Any) -> Wanted | None:
    wanted: Any = wanted_by(function)
    if wanted is None:
        return None
    if hook.kind is not HookKind.OBSERVE:
        raise Quarantine(f"its {hook.name} is marked 'wanted'", "Only observe hooks can say that they want no event.")
    if not callable(wanted) or inspect.iscoroutinefunction(wanted):
        raise Quarantine(
            f"the 'wanted' of its {hook.name} cannot be called at once",
            "Give @hookimpl(wanted=…) a plain function of the settings.",
        )
    return cast("Wanted", wanted)
