"""The operator's house rules: which tools may run, how long answers may get, and what no model gets to read.

Without settings it changes nothing. ``[plugins.guard]`` in ``promptdock.toml`` takes ``allow_tools``, ``deny_tools``,
``max_completion_tokens`` and ``redact``; see :class:`~promptdock_builtin.guard.settings.GuardSettings`.

A rule that is not valid quarantines the guard, and then no tool call is allowed: rules that cannot be asked are not the
same as no rules.
"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from promptdock import Allow, CompletionCall, Deny, ToolCall, ToolResult, hookimpl

if TYPE_CHECKING:
    from .settings import GuardSettings

__all__ = ["approve_tool_call", "prepare_completion", "register_settings", "transform_tool_result"]

REDACTED = "[redacted]"


@hookimpl
def register_settings() -> type[GuardSettings]:
    """The rules."""
    from .settings import GuardSettings

    return GuardSettings


@hookimpl(tryfirst=True, nonblocking=True)
def approve_tool_call(call: ToolCall, settings: GuardSettings) -> Allow | Deny | None:
    """Deny what ``deny_tools`` names, and what ``allow_tools`` does not name; the deny list wins."""
    for pattern in settings.deny_tools:
        if fnmatchcase(call.tool, pattern):
            return Deny(f"The operator denies {call.tool}: deny_tools has {pattern!r}.")
    if settings.allow_tools is None:
        return None
    if any(fnmatchcase(call.tool, pattern) for pattern in settings.allow_tools):
        return Allow()
    return Deny(f"The operator does not allow {call.tool}: no pattern of allow_tools matches it.")


@hookimpl(trylast=True, nonblocking=True)
def prepare_completion(call: CompletionCall, settings: GuardSettings) -> CompletionCall | None:
    """Lower what asks for more tokens than ``max_completion_tokens``; what names no number gets that one."""
    ceiling = settings.max_completion_tokens
    if ceiling is None:
        return None
    wanted = call.max_completion_tokens
    options = dict(call.options)
    # the older name of the same parameter may come along in a caller's own options
    older = options.get("max_tokens")
    if isinstance(older, int) and older > ceiling:
        options["max_tokens"] = ceiling
    lowered = ceiling if wanted is None else min(wanted, ceiling)
    return replace(call, max_completion_tokens=lowered, options=options)


@hookimpl(trylast=True, nonblocking=True)
def transform_tool_result(result: ToolResult, settings: GuardSettings) -> ToolResult | None:
    """Replace what the patterns of ``redact`` match by ``[redacted]``.

    It runs on the event loop on purpose: a hook that is given up at its time-out leaves the text as it was, and a
    redaction must not be skipped that way.
    """
    content = result.content
    for pattern in settings.redact:
        content = pattern.sub(REDACTED, content)
    return None if content == result.content else replace(result, content=content)
