"""The markers that tell pluggy which functions are hooks of promptdock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar, overload

import pluggy

from .hook_versions import DeprecatedArgument, Deprecation, HookVersion

__all__ = ["PROJECT", "Wanted", "hook_version", "hookimpl", "hookspec", "is_nonblocking", "wanted_by"]

PROJECT = "promptdock"
"""Name of the pluggy project, and of the entry-point group."""

_F = TypeVar("_F", bound=Callable[..., Any])
_NONBLOCKING = "promptdock_nonblocking"
_WANTED = "promptdock_wanted"
_VERSION = "promptdock_version"

Wanted: TypeAlias = Callable[[Any], bool]
"""Says, given its plugin's settings, whether an implementation wants to be told now."""

_specify = pluggy.HookspecMarker(PROJECT)
_mark = pluggy.HookimplMarker(PROJECT)


def hookspec(
    *,
    since: str,
    deprecated: Deprecation | None = None,
    deprecated_arguments: Mapping[str, DeprecatedArgument] | None = None,
) -> Callable[[_F], _F]:
    """Mark a function as the specification of the hook of the same name.

    Args:
        since: Version of the hooks that brought it.
        deprecated: When it is to be written differently: since when, until when, and how.
        deprecated_arguments: Arguments that were called differently, by their older names.

    Returns:
        What marks the function.
    """
    version = HookVersion(
        since=since, deprecated=deprecated, arguments=MappingProxyType(dict(deprecated_arguments or {}))
    )

    def mark(marked: _F) -> _F:
        setattr(marked, _VERSION, version)
        return _specify(marked)

    return mark


def hook_version(specification: Callable[..., Any]) -> HookVersion:
    """What ``@hookspec`` said of a hook."""
    version: HookVersion = getattr(specification, _VERSION)
    return version


@overload
def hookimpl(function: _F) -> _F: ...
@overload
def hookimpl(
    *,
    nonblocking: bool = False,
    wanted: Wanted | None = None,
    optionalhook: bool = False,
    tryfirst: bool = False,
    trylast: bool = False,
    specname: str | None = None,
) -> Callable[[_F], _F]: ...
def hookimpl(
    function: _F | None = None,
    *,
    nonblocking: bool = False,
    wanted: Wanted | None = None,
    optionalhook: bool = False,
    tryfirst: bool = False,
    trylast: bool = False,
    specname: str | None = None,
) -> _F | Callable[[_F], _F]:
    """Mark a function as the implementation of the hook of the same name.

    Args:
        function: The function, when used without parentheses.
        nonblocking: A synchronous function of a per-request hook that never waits: it is called on the event loop
            instead of in a worker thread.
        wanted: Of an observe hook: asked on the event loop, with the plugin's settings, before each event. Where it
            says False the hook is not called, and an event that nobody wants need not be made. It must be quick; when
            it raises, the hook is called.
        optionalhook: Do not mind when this host has no such hook, e.g. because it is older.
        tryfirst: Be called before the others.
        trylast: Be called after the others.
        specname: The hook's name, when the function's own name differs.

    Returns:
        The same function, marked.
    """

    def mark(marked: _F) -> _F:
        if nonblocking:
            setattr(marked, _NONBLOCKING, True)
        if wanted is not None:
            setattr(marked, _WANTED, wanted)
        return _mark(optionalhook=optionalhook, tryfirst=tryfirst, trylast=trylast, specname=specname)(marked)

    return mark if function is None else mark(function)


def is_nonblocking(function: Callable[..., Any]) -> bool:
    """Whether a hook implementation was marked ``nonblocking``."""
    return bool(getattr(function, _NONBLOCKING, False))


def wanted_by(function: Callable[..., Any]) -> Wanted | None:
    """What a hook implementation was marked ``wanted`` with."""
    wanted: Wanted | None = getattr(function, _WANTED, None)
    return wanted
