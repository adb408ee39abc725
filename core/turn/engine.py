"""The turn engine: rounds of asking the provider and running tools, told as one stream of events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from ..providers.base import CompletionCall
from ..tasks import is_cancelled
from ..tools.runner import ToolRunner
from .events import Event, TurnFailed, TurnFinished
from .handoff import HeldRounds
from .meter import Meter
from .observe import Observer, listening, tell
from .plan import TurnPlan
from .running import RunningTurn

__all__ = ["TurnEngine"]


class RequestHooks(Protocol):
    """What the engine needs of the plugin host."""

    async def prepare_completion(self, call: CompletionCall) -> CompletionCall:
        """Let plugins change what the provider is asked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEngine:
    """Runs turns. It holds no turn: each :meth:`run` has a state of its own.

    Attributes:
        hooks: The plugin host.
        runner: What runs tools.
        held: Rounds that are half answered.
        max_rounds: The most upstream calls of one turn.
    """

    hooks: RequestHooks
    runner: ToolRunner
    held: HeldRounds
    max_rounds: int

    async def run(
        self, plan: TurnPlan, *observers: Observer, meter: Meter | None = None
    ) -> AsyncGenerator[Event, None]:
        """Run one turn.

        Args:
            plan: What :func:`~promptdock.turn.plan.plan_turn` settled.
            observers: Told of every event that they hear before the turn goes on; and, when the consumer goes away
                before the turn's end, of a ``TurnFailed`` with the code ``cancelled``, which nobody is left to get.
            meter: Asked before each upstream call and each tool call, after the plugins; to hear the turn, it has to be
                among the observers.

        Yields:
            Events; the last one is a ``TurnFinished`` or a ``TurnFailed``. Closing the generator, or cancelling who
            iterates it, cancels the upstream call and the running tools.
        """
        turn = RunningTurn(self, plan, meter)
        heard_by = listening(observers)
        latest: Event | None = None
        is_heard = False  # whether what is raised comes from who hears the turn
        try:
            async with aclosing(turn.events()) as events:
                async for event in events:
                    latest = event
                    kind = type(event)
                    for observer, hears in heard_by:  # as tell() does, which would be one more call for each event
                        if hears is None or kind in hears:
                            observer.tell(event)
                    is_heard = True
                    yield event
                    is_heard = False
        except BaseException as error:  # the one error boundary of a turn, since plugins raise anything
            if is_heard or isinstance(latest, (TurnFailed, TurnFinished)):  # an end that some were told stands
                raise
            if isinstance(error, asyncio.CancelledError) and is_cancelled():
                raise
            latest = turn.failed(error)
            tell(latest, heard_by)
            yield latest
        finally:
            if latest is not None and not isinstance(latest, (TurnFailed, TurnFinished)):
                tell(turn.cancelled(), heard_by)
