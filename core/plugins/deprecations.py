"""Plugins that use what is deprecated: who, what, where, and the line to write instead."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from ..hook_table import HookTable
from ..hook_versions import PromptdockDeprecationWarning
from ..jsontext import JsonObject
from .calls import HookCall
from .replacing import definition, line_instead

if TYPE_CHECKING:
    from .discovery import Candidate

__all__ = ["HookWarning", "find_deprecations", "issue_warnings", "superseded"]


class HookWarning(msgspec.Struct, frozen=True, kw_only=True):
    """One use of what is deprecated.

    Attributes:
        plugin: Id of the plugin.
        distribution: The distribution that brings it, or ``file:`` and the path of a one-file plugin.
        version: The distribution's version; empty when unknown.
        hook: The hook that it implements.
        argument: The argument that is deprecated; None when the hook is.
        since: Version of the hooks that deprecates it.
        removed_in: Version of the hooks that no longer has it.
        write: The line to write instead.
        what: What is wrong, without the plugin.
        next: What its author has to do.
        file: The file that has to be changed.
        line: The line in it.
    """

    plugin: str
    distribution: str
    version: str
    hook: str
    argument: str | None
    since: str
    removed_in: str
    write: str
    what: str
    next: str
    file: str
    line: int

    def __str__(self) -> str:
        owner = f"{self.distribution} {self.version}".strip()
        return f"Plugin {self.plugin!r} ({owner}): {self.what}. {self.next}"

    def as_json(self) -> JsonObject:
        """The warning as ``promptdock plugins list --json`` prints it; no files, for it is sent to callers, too."""
        return {
            "hook": self.hook,
            "argument": self.argument,
            "since": self.since,
            "removed_in": self.removed_in,
            "write": self.write,
            "message": str(self),
        }


def superseded(calls: Sequence[HookCall]) -> tuple[HookCall, ...]:
    """Implementations under an older name of plugins that have the newer one, too: they are for older hosts."""
    implemented = {call.hook for call in calls}
    return tuple(call for call in calls if call.serves != call.hook and call.serves in implemented)


def find_deprecations(candidate: Candidate, calls: Sequence[HookCall], table: HookTable) -> Iterator[HookWarning]:
    """What a plugin uses that is deprecated.

    Args:
        candidate: Where the plugin comes from.
        calls: All of its implementations.
        table: The host's hooks.
    """
    unused = superseded(calls)
    for call in calls:
        hook = table.hooks[call.hook]
        if hook.deprecated is not None and not (call in unused and call.optional):
            old = hook.deprecated
            write = line_instead(call.function, call.hook, old.successor, old.adapter.arguments)
            what = f"its hook {call.hook} is deprecated since {old.since} and will be removed in {old.removed_in}"
            todo = f"Write instead: {write}"
            if call in unused:
                what += f", and is not called, for it has {old.successor}, too"
                todo = "Delete it, or mark it @hookimpl(optionalhook=True) to go on serving older hosts"
            yield _warning(candidate, call, None, old.since, old.removed_in, write, what, todo)
        for name, argument in hook.version.arguments.items():
            if name in call.takes:
                write = line_instead(call.function, call.hook, call.hook, {name: argument.successor})
                what = (
                    f"the argument {name} of its hook {call.hook} is deprecated since {argument.since} "
                    f"and will be removed in {argument.removed_in}"
                )
                todo = f"Write instead: {write}"
                yield _warning(candidate, call, name, argument.since, argument.removed_in, write, what, todo)


def _warning(
    candidate: Candidate,
    call: HookCall,
    argument: str | None,
    since: str,
    removed_in: str,
    write: str,
    what: str,
    todo: str,
) -> HookWarning:
    file, line = definition(call.function)
    return HookWarning(
        plugin=candidate.name,
        distribution=candidate.distribution,
        version=candidate.version,
        hook=call.hook,
        argument=argument,
        since=since,
        removed_in=removed_in,
        write=write,
        what=what,
        next=todo,
        file=file,
        line=line,
    )


def issue_warnings(found: Iterable[HookWarning]) -> None:
    """Issue Python's warnings, each at the line that has to be changed.

    Raises:
        PromptdockDeprecationWarning: Warnings are errors here, as whoever runs this process wants it. That is no fault
            of the plugin, which is loaded already; so it is raised as it is, and quarantines nothing.
    """
    for one in found:
        warning = PromptdockDeprecationWarning(str(one))
        warning.add_note(f"{one.file}:{one.line}")  # an error is shown with where it was raised, which is here
        warnings.warn_explicit(warning, None, one.file, one.line)
