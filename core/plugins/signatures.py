"""What is refused of the names and signatures of hook implementations, and in which words."""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from typing import Any, NoReturn

from ..hook_table import Hook, HookTable
from .quarantine import Quarantine, describe_exception
from .replacing import line_instead

__all__ = ["check_signature", "refuse_removed", "refuse_unknown"]


def refuse_unknown(table: HookTable, hook: str) -> NoReturn:
    """Refuse a hook that this host does not have: one that is misspelt, or that a later host has."""
    near = get_close_matches(hook, table.hooks, n=1)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    raise Quarantine(
        f"it implements the unknown hook {hook!r}",
        f"{hint}This promptdock has the hooks of version {table.version}, which 'promptdock hooks' lists: if the hook "
        "came later, upgrade promptdock; to do without it here, mark it @hookimpl(optionalhook=True).",
    )


def refuse_removed(hook: Hook, function: Any) -> NoReturn:
    """Refuse a hook that was deprecated for long enough."""
    old = hook.deprecated
    assert old is not None
    line = line_instead(function, hook.name, old.successor, old.adapter.arguments)
    raise Quarantine(
        f"it implements the hook {hook.name!r}, which was deprecated in {old.since} and removed in {old.removed_in}",
        f"Upgrade the plugin. Its author writes instead: {line}",
    )


def check_signature(table: HookTable, hook: Hook, function: Any) -> None:
    """Check that the host can call an implementation by the names of the hook's arguments.

    Raises:
        Quarantine: It cannot.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise Quarantine(f"the signature of its {hook.name} cannot be read: {describe_exception(error)}") from error
    for parameter in parameters:
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise Quarantine(
                f"wrong hook signature: {hook.name} takes {parameter.name!r} by position only",
                "Hooks are called by name: drop the '/'.",
            )
        needed = parameter.default is parameter.empty and parameter.kind not in {
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        }
        if needed and parameter.name not in hook.offered:
            _refuse_argument(table, hook, parameter.name, function)


def _refuse_argument(table: HookTable, hook: Hook, name: str, function: Any) -> NoReturn:
    old = table.removed_arguments[hook.name].get(name)
    if old is not None:
        line = line_instead(function, hook.name, hook.name, {name: old.successor})
        raise Quarantine(
            f"wrong hook signature: {hook.name} takes the argument {name!r}, which was deprecated in {old.since} and "
            f"removed in {old.removed_in}",
            f"Upgrade the plugin. Its author writes instead: {line}",
        )
    raise Quarantine(
        f"wrong hook signature: {hook.name} takes the unknown argument {name!r}",
        f"{hook.name} has the arguments: {', '.join(hook.arguments) or 'none'} (hooks of version {table.version}).",
    )
