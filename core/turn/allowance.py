"""What one turn may use up: a budget's share that holds inside the turn, without asking any store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import msgspec

from ..errors import BudgetExceeded
from ..providers.base import CompletionCall
from ..tools.approval import Approval, Deny, ToolCall
from .events import CompletionReceived, Event, Usage
from .tokens import CharacterCounter, TokenCounter, estimate_call, estimate_completion

__all__ = ["Allowance", "answers_of"]

_UNBOUNDED = 2**62


class Allowance:
    """A meter with limits; it belongs to one turn.

    Before each round the prompt is estimated, and the answer is cut to what is left; after it, what the provider
    reports counts, or an estimate where it reports nothing. A round is refused when there is no room for its prompt and
    one token of each answer.

    Args:
        tokens: The most tokens of all rounds, prompts and answers together; None for no such limit.
        cost: The most that all rounds may cost, in the unit of the prices; None for no such limit.
        prompt_price: Of one token of a prompt.
        completion_price: Of one token of an answer.
        answer_tokens: The most tokens of an answer whose length nobody else limits, when tokens or cost are limited.
        tool_calls: The most tool calls, by the id of a plugin; the key None stands for all plugins together.
        counter: Counts tokens before a call; None estimates them from characters.

    Attributes:
        hears: The kinds of events that it has to hear.
        used_tokens: Tokens of the rounds that are settled.
        used_cost: What these cost, and the tools that were called.
    """

    hears: Final = frozenset({CompletionReceived})

    def __init__(
        self,
        *,
        tokens: int | None = None,
        cost: Decimal | None = None,
        prompt_price: Decimal = Decimal(0),
        completion_price: Decimal = Decimal(0),
        call_price: Decimal = Decimal(0),
        tool_prices: Mapping[str, Decimal] | None = None,
        answer_tokens: int = 4_096,
        tool_calls: Mapping[str | None, int] | None = None,
        counter: TokenCounter | None = None,
    ) -> None:
        self._tokens = tokens
        self._cost = cost
        self._prompt_price = prompt_price
        self._completion_price = completion_price
        self._call_price = call_price
        self._tool_prices = dict(tool_prices or {})
        self._answer_tokens = answer_tokens
        self._calls_left = dict(tool_calls or {})
        self._counter = counter or CharacterCounter()
        self._pending: _Pending | None = None
        self.used_tokens = 0
        self.used_cost = Decimal(0)

    def admit(self, call: CompletionCall) -> CompletionCall:
        """Cut the answer of a call to what is left.

        Raises:
            BudgetExceeded: Nothing is left for it.
        """
        prompt = estimate_call(call, self._counter)
        if self._tokens is None and self._cost is None:
            self._pending = _Pending(prompt, 0)
            return call
        answers = answers_of(call.options)
        room = self._room_for_answers(prompt) // answers
        if room < 1:
            raise BudgetExceeded(
                f"The budget is used up: round {call.round} needs about {prompt} tokens for its prompt alone.",
                hint="Ask whoever runs this server to raise it, or wait for its next period.",
            )
        options = dict(call.options)
        asked = (call.max_completion_tokens, options.pop("max_tokens", None))
        most = min([number for number in asked if isinstance(number, int)], default=self._answer_tokens)
        capped = min(most, room)
        self._pending = _Pending(prompt, capped * answers)
        return replace(call, max_completion_tokens=capped, options=options)

    def settle(self, usage: Usage | None) -> None:
        """Count what a round really used.

        Args:
            usage: As the provider reported it; None counts the most that the round was let pass with.
        """
        pending, self._pending = self._pending or _Pending(0, 0), None
        prompt = pending.prompt if usage is None else max(usage.prompt_tokens, 0)
        completion = pending.completion if usage is None else max(usage.completion_tokens, 0)
        self.used_tokens += max(prompt + completion, 0 if usage is None else usage.total_tokens)
        self.used_cost += self._call_price + prompt * self._prompt_price + completion * self._completion_price

    def approve(self, call: ToolCall) -> Approval:
        """Deny a call whose plugin has no calls left, or that costs more than is left; else count it."""
        limits = [key for key in (call.plugin, None) if key in self._calls_left]
        for key in limits:
            if self._calls_left[key] < 1:
                whose = "tools" if key is None else f"the plugin {key}"
                return Deny(f"the budget for calls of {whose} is used up")
        price = self._tool_prices.get(call.tool, Decimal(0))
        if price and self._cost is not None and self.used_cost + price > self._cost:
            return Deny(f"the budget has no room for a call of {call.tool}, which costs {price.normalize():f}")
        for key in limits:
            self._calls_left[key] -= 1
        self.used_cost += price
        return None

    def tell(self, event: Event) -> None:
        """Settle a round when its answer is there."""
        if isinstance(event, CompletionReceived):
            self.settle(event.usage or self._estimated(event))

    def _estimated(self, event: CompletionReceived) -> Usage:
        prompt = self._pending.prompt if self._pending is not None else 0
        completion = estimate_completion(event.completion, self._counter)
        return Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion)

    def _room_for_answers(self, prompt: int) -> int:
        """Tokens that are left for the answers to a prompt; may be negative."""
        room = _UNBOUNDED if self._tokens is None else self._tokens - self.used_tokens - prompt
        if self._cost is None:
            return room
        left = self._cost - self.used_cost - self._call_price - prompt * self._prompt_price
        if left < 0:
            return -1
        return min(room, int(left // self._completion_price)) if self._completion_price else room


class _Pending(msgspec.Struct, frozen=True):
    """The round under way: tokens of its prompt as estimated, and the most of its answers."""

    prompt: int
    completion: int


def answers_of(options: Mapping[str, Any]) -> int:
    """How many answers a call with these options asks for: its option ``n``."""
    wanted = options.get("n")
    return wanted if isinstance(wanted, int) and wanted > 1 else 1
