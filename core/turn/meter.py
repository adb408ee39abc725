"""Metering a turn: who may refuse or shorten its upstream calls and deny its tool calls, while it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import msgspec

from ..providers.base import CompletionCall
from ..tools.approval import Approval, ToolCall
from .engine import RequestHooks, TurnEngine
from .observe import Observer

__all__ = ["Meter", "MeteredHooks", "metered"]


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


class MeteredHooks(msgspec.Struct, frozen=True):
    """The hooks of a turn that is metered.

    Attributes:
        hooks: What changes a call first.
        meter: What lets it pass.
    """

    hooks: RequestHooks
    meter: Meter

    async def prepare_completion(self, call: CompletionCall) -> CompletionCall:
        """Let plugins change what the provider is asked, then the meter.

        Raises:
            PromptdockError: The meter does not let the call pass.
        """
        return self.meter.admit(await self.hooks.prepare_completion(call))


def metered(engine: TurnEngine, meter: Meter) -> TurnEngine:
    """An engine for one turn that asks a meter before each upstream call and each tool call.

    The meter has to hear the events of the turn from elsewhere; see :meth:`~promptdock.turn.engine.TurnEngine.run`.
    """

    async def approve(call: ToolCall) -> Approval:
        return meter.approve(call)

    return replace(engine, hooks=MeteredHooks(engine.hooks, meter), runner=engine.runner.with_approval(approve))
