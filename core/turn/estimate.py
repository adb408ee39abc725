"""What a turn may come to, estimated before it starts, for whoever has to set that aside."""

from __future__ import annotations

import msgspec

from .allowance import answers_of
from .plan import TurnPlan
from .tokens import TokenCounter, estimate_body

__all__ = ["TurnEstimate", "estimate_turn"]


class TurnEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The most that a turn is expected to use.

    Attributes:
        prompt_tokens: Of all rounds.
        completion_tokens: Of all rounds.
        rounds: How many rounds these are.
        plugins: Ids of the plugins whose tools are presented, in the tools' order; each may be called.
    """

    prompt_tokens: int
    completion_tokens: int
    rounds: int
    plugins: tuple[str, ...]


def estimate_turn(
    plan: TurnPlan, *, answer_tokens: int, max_rounds: int, counter: TokenCounter | None = None
) -> TurnEstimate:
    """Estimate a turn by its first round, times the rounds that it may take.

    Prompts grow from round to round by what tools answer, and answers are seldom as long as they may be. Where the sum
    must hold, an :class:`~promptdock.turn.allowance.Allowance` of this size makes it hold.

    Args:
        plan: The turn.
        answer_tokens: The most tokens of an answer where the plan says none.
        max_rounds: The most rounds of a turn with tools of ours; any other has one.
        counter: Counts tokens; None takes the plan's, which estimates them from characters.
    """
    tools = (*plan.request.tools, *[tool.definition for tool in plan.tool_set.tools])
    asked = {**plan.request.options, "messages": plan.messages, "tools": tools}
    prompt = estimate_body(asked, counter or plan.counter)
    limit = plan.settings.max_completion_tokens
    most = answer_tokens if limit is None else limit
    rounds = max_rounds if plan.tool_set.tools else 1
    return TurnEstimate(
        prompt_tokens=rounds * prompt,
        completion_tokens=rounds * most * answers_of(plan.request.options),
        rounds=rounds,
        plugins=tuple(dict.fromkeys([tool.plugin.name for tool in plan.tool_set.tools])),
    )
