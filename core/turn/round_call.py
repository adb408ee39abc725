"""What the provider is asked in one round of a turn, before plugins have their say."""

from __future__ import annotations

from collections.abc import Sequence

from ..providers.base import CompletionCall
from .messages import Message
from .plan import TurnPlan
from .tool_choice import choice_for_round

__all__ = ["round_call"]


def round_call(plan: TurnPlan, new: Sequence[Message], number: int, *, last: bool) -> CompletionCall:
    """Make the call of one round.

    Args:
        plan: The turn.
        new: What the rounds before added to the thread.
        number: Number of the round, from 1.
        last: Whether the model must not ask for tools any more.
    """
    request, settings = plan.request, plan.settings
    tools = (*request.tools, *[tool.definition for tool in plan.tool_set.tools])
    choice = "none" if last else choice_for_round(request.tool_choice, number)
    return CompletionCall(
        model=settings.model,
        messages=(*plan.messages, *new),
        tools=tools,
        tool_choice=choice if tools else None,
        temperature=settings.temperature,
        max_completion_tokens=settings.max_completion_tokens,
        options=request.options,
        request_id=request.request_id,
        round=number,
    )
