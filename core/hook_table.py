"""The table of hooks: what the specs say, read once for all who ask which hooks there are and in which form."""

from __future__ import annotations

import inspect
from collections.abc import Container, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import msgspec

from . import hookspecs
from .hook_versions import Adapter, DeprecatedArgument, Deprecation, HookVersion, reached
from .hookmarkers import hook_version

__all__ = ["Hook", "HookKind", "HookTable", "read_hooks"]


class HookKind(StrEnum):
    """What a hook is for, and with it what a failure does."""

    REGISTER = "register"
    DECIDE = "decide"
    TRANSFORM = "transform"
    OBSERVE = "observe"


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """One hook.

    Attributes:
        name: Its name.
        kind: What it is for.
        arguments: Names of its arguments, in order, those that are deprecated left out.
        version: Since when it is there, and what about it is deprecated.
    """

    name: str
    kind: HookKind
    arguments: tuple[str, ...]
    version: HookVersion

    @property
    def deprecated(self) -> Deprecation | None:
        """Set when another hook is to be written instead."""
        return self.version.deprecated

    @property
    def serves(self) -> str:
        """The hook in whose place its implementations are called; its own name, unless it is deprecated."""
        return self.deprecated.successor if self.deprecated is not None else self.name

    @property
    def offered(self) -> tuple[str, ...]:
        """All arguments that an implementation may take, deprecated ones among them."""
        return (*self.arguments, *self.version.arguments)

    def adapter(self, takes: Container[str]) -> Adapter:
        """How an implementation is served that may use what is deprecated.

        Args:
            takes: Names of the arguments that it takes.
        """
        if self.deprecated is not None:
            return self.deprecated.adapter
        older = self.version.arguments.items()
        return Adapter(arguments={name: argument.successor for name, argument in older if name in takes})


class HookTable(msgspec.Struct, frozen=True, kw_only=True):
    """The hooks that a host has.

    Attributes:
        version: Version of the set of hooks.
        hooks: Those that there are, by name, in the order of the kinds; deprecated ones come last.
        removed: Those that there were.
        removed_arguments: Arguments that there were, by the name of the hook that had them.
        specs: What has the spec functions: a module, or an object like it.
    """

    version: str
    hooks: Mapping[str, Hook]
    removed: Mapping[str, Hook] = msgspec.field(default_factory=dict)
    removed_arguments: Mapping[str, Mapping[str, DeprecatedArgument]] = msgspec.field(default_factory=dict)
    specs: Any = hookspecs

    def serves(self, name: str) -> str | None:
        """In whose place implementations of a hook are, or were, called; None for a hook that never was."""
        hook = self.hooks.get(name) or self.removed.get(name)
        return None if hook is None else hook.serves


def read_hooks(specs: Any = hookspecs, *, version: str | None = None) -> HookTable:
    """Read the table of hooks.

    Args:
        specs: What has the spec functions, the tuples of their names by kind, and ``VERSION``.
        version: Read them as they are in another version of the hooks: what that version no longer has is removed.
    """
    now = version or specs.VERSION
    hooks = {hook.name: hook for hook in _hooks(specs)}
    gone = {name: hook for name, hook in hooks.items() if hook.deprecated and reached(now, hook.deprecated.removed_in)}
    return HookTable(
        version=now,
        hooks=MappingProxyType({name: _as_of(hook, now) for name, hook in hooks.items() if name not in gone}),
        removed=MappingProxyType(gone),
        removed_arguments=MappingProxyType({name: _gone(hook, now) for name, hook in hooks.items()}),
        specs=specs,
    )


def _hooks(specs: Any) -> Iterator[Hook]:
    kinds = {
        name: kind
        for kind, names in zip(HookKind, (specs.REGISTER, specs.DECIDE, specs.TRANSFORM, specs.OBSERVE), strict=True)
        for name in names
    }
    for name in (*kinds, *specs.DEPRECATED):
        function = getattr(specs, name)
        version = hook_version(function)
        kind = kinds[version.deprecated.successor if version.deprecated is not None else name]
        yield Hook(name=name, kind=kind, arguments=tuple(inspect.signature(function).parameters), version=version)


def _gone(hook: Hook, now: str) -> Mapping[str, DeprecatedArgument]:
    return {name: old for name, old in hook.version.arguments.items() if reached(now, old.removed_in)}


def _as_of(hook: Hook, now: str) -> Hook:
    gone = _gone(hook, now)
    if not gone:
        return hook
    left = {name: old for name, old in hook.version.arguments.items() if name not in gone}
    version = HookVersion(since=hook.version.since, deprecated=hook.deprecated, arguments=MappingProxyType(left))
    return Hook(name=hook.name, kind=hook.kind, arguments=hook.arguments, version=version)
