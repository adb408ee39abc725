"""Since when hooks are there, and what becomes of those that are written differently today: as data.

A hook or an argument that gets another name, or another form, is first *deprecated*: it works as before, and whoever
uses it is told what to write instead. From the version on in which it is *removed*, a plugin that uses it is refused,
with the same line. Which of the two holds is decided by the version of the set of hooks alone, so the entry stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

__all__ = [
    "Adapter",
    "DeprecatedArgument",
    "Deprecation",
    "HookVersion",
    "PromptdockDeprecationWarning",
    "reached",
]


class PromptdockDeprecationWarning(DeprecationWarning):
    """A plugin uses a hook, or an argument of one, that will be removed.

    It is issued at the line of the plugin that has to be changed, so pytest shows it there; its text has the line to
    write instead.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """How a function written for an older form of a hook is served by its successor.

    Attributes:
        arguments: What the successor calls an older argument, by its older name; the others are called the same.
        convert: Makes the older argument of the successor's one, by its older name; the others are the same objects.
        answer: Makes the successor's answer of an older one; None when they are the same. It gets whatever the plugin
            gave, and gives on what it does not know.
    """

    arguments: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    convert: Mapping[str, Callable[[Any], object]] = field(default_factory=lambda: MappingProxyType({}))
    answer: Callable[[Any], object] | None = None

    def value(self, name: str, values: Mapping[str, object]) -> object:
        """What an older argument is, given what the successor offers by its own names."""
        value = values[self.arguments.get(name, name)]
        return self.convert[name](value) if name in self.convert else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Deprecation:
    """A hook that is to be written differently.

    Attributes:
        since: Version of the hooks that deprecates it.
        removed_in: Version of the hooks that no longer has it.
        successor: The hook to write instead.
        adapter: How implementations of this one are called in place of the successor's.
    """

    since: str
    removed_in: str
    successor: str
    adapter: Adapter = field(default_factory=Adapter)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeprecatedArgument:
    """An argument of a hook that is called differently.

    Attributes:
        since: Version of the hooks that deprecates it.
        removed_in: Version of the hooks that no longer has it.
        successor: Name of the argument to take instead.
    """

    since: str
    removed_in: str
    successor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HookVersion:
    """What ``@hookspec`` says of a hook.

    Attributes:
        since: Version of the hooks that brought it.
        deprecated: Set when it is to be written differently.
        arguments: Its deprecated arguments, by name; the hook's own signature does not have them.
    """

    since: str
    deprecated: Deprecation | None = None
    arguments: Mapping[str, DeprecatedArgument] = field(default_factory=lambda: MappingProxyType({}))


def reached(version: str, wanted: str) -> bool:
    """Whether one version of the hooks, e.g. ``0.10``, is another or a later one, e.g. ``0.9``."""
    return _numbers(version) >= _numbers(wanted)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
