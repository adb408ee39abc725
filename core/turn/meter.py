"""Metering a turn: who may refuse or shorten its upstream calls and deny its tool calls, while it runs."""

from __future__ import annotations

from typing import Protocol

from ..providers.base import CompletionCall
from ..tools.approval import Approval, ToolCall
from .observe import Observer

__all__ = ["Meter"]


class Meter(Observer, Protocol):
    """Watches over one turn; it belongs to that turn alone.

    It hears every event of the turn, as an observer, before the turn goes on behind that event.
    """

    def admit(self, call: CompletionCall) -> CompletionCall:
        """Let an upstream call pass, perhaps with a shorter answer; called last, after the plugins' hooks.

        Raises:
            PromptdockError: The call must not be made; the turn ends with this error.
        """
        ...

    def approve(self, call: ToolCall) -> Approval:
        """Deny a tool call, or None to let it run; asked last, of calls that are about to run."""
        ...
