"""What came of one tool call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ..jsontext import JsonObject, dumps_text
from .errors import ToolErrorCode

__all__ = ["ToolOutcome", "ToolResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """A tool's result on its way to the model, as ``transform_tool_result`` hooks see it.

    Attributes:
        call_id: The call's id, as the model gave it.
        tool: The tool's stable id, ``plugin.tool``.
        plugin: Id of the plugin that owns the tool.
        arguments: What the tool was called with.
        content: What the model will read: the result's JSON text, or the text itself when the tool returned text.
        request_id: The request this call belongs to.
    """

    call_id: str
    tool: str
    plugin: str
    arguments: Mapping[str, Any]
    content: str
    request_id: str


class ToolOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One call and its answer.

    Attributes:
        call_id: The call's id, as the model gave it.
        name: The wire name that the model used, known or not.
        tool: The tool's stable id, or None when no such tool was presented.
        plugin: Id of the plugin that owns the tool, or None.
        raw_arguments: The arguments as the model wrote them.
        arguments: The decoded arguments, or None when they could not be read.
        content: The tool message's content: the result, or ``{"error": {"code", "message"}}``.
        error: Why there is no result, or None.
        error_message: The public text of the error, or None.
        ms: Milliseconds from the request to the answer, waiting included.
    """

    call_id: str
    name: str
    tool: str | None
    plugin: str | None
    raw_arguments: str
    arguments: Mapping[str, Any] | None
    content: str
    error: ToolErrorCode | None = None
    error_message: str | None = None
    ms: float = 0.0

    @property
    def message(self) -> JsonObject:
        """The tool message that answers the call."""
        return {"role": "tool", "tool_call_id": self.call_id, "content": self.content}


def error_content(code: ToolErrorCode, message: str) -> str:
    """The content of a tool message that carries an error."""
    return dumps_text({"error": {"code": code.value, "message": message}})
