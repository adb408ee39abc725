"""Why a tool call gave no result: stable codes that the model, the caller and the logs all see."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ToolError", "ToolErrorCode"]


class ToolErrorCode(StrEnum):
    """The codes of ``{"error": {"code", "message"}}`` in a tool message; they never change their meaning."""

    UNKNOWN_TOOL = "unknown_tool"
    MALFORMED_ARGUMENTS = "malformed_arguments"
    INVALID_ARGUMENTS = "invalid_arguments"
    DENIED = "denied"
    TOOL_FAILED = "tool_failed"
    TIMEOUT = "timeout"
    RESULT_NOT_SERIALISABLE = "result_not_serialisable"
    RESULT_TOO_LARGE = "result_too_large"
    OVERLOADED = "overloaded"


class ToolError(Exception):
    """Raise it in a tool to tell the model what went wrong, in words that it may see.

    Any other exception reaches the model as "the tool failed", without its text: exception texts leak paths and
    secrets. The traceback goes to the log, with the request id.

    Args:
        message: What went wrong and what to try instead, written for the model.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
