"""The question that approval hooks answer: may this call run?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Allow", "Approval", "Deny", "ToolCall"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call that a model asked for, its arguments checked.

    Attributes:
        id: The call's id, as the model gave it.
        tool: The tool's stable id, ``plugin.tool``.
        name: The tool's wire name.
        plugin: Id of the plugin that owns the tool.
        arguments: Decoded and validated arguments; read them, never change them.
        request_id: The request this call belongs to.
        caller: Name of who sent the prompt.
        round: Number of the round that asked for it, from 1.
    """

    id: str
    tool: str
    name: str
    plugin: str
    arguments: Mapping[str, Any]
    request_id: str
    caller: str
    round: int


@dataclass(frozen=True, slots=True)
class Allow:
    """The call may run as far as this plugin is concerned; another one can still deny it."""


@dataclass(frozen=True, slots=True)
class Deny:
    """The call must not run; the first denial wins.

    Attributes:
        reason: Told to the model and the caller.
    """

    reason: str


Approval: TypeAlias = Allow | Deny | None
"""What an approval hook answers; None abstains."""
