"""What a turn or a raw passthrough may come to, in the units of budgets."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from .facts import units_of

__all__ = ["Estimate"]

_MILLION: Final = 1_000_000


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What something may come to.

    Attributes:
        prompt_tokens: The most tokens that are sent, over all upstream calls.
        completion_tokens: The most tokens of all answers.
        one_prompt_tokens: Tokens of the first upstream call's prompt.
        prompt_price: Per million tokens; None when the model has no price, and costs nothing then.
        completion_price: Likewise.
        tool_calls: The most invocations of tools; 0 when none is presented.
        calls: The most upstream calls.
        call_price: Of one upstream call.
        tool_price: Of one invocation, of the dearest tool.
        is_whole: Whether it is made with all of that or not at all, because nobody can keep it within less.
    """

    prompt_tokens: int
    completion_tokens: int
    one_prompt_tokens: int
    prompt_price: Decimal | None = None
    completion_price: Decimal | None = None
    tool_calls: int = 0
    calls: int = 1
    call_price: Decimal | None = None
    tool_price: Decimal | None = None
    is_whole: bool = False

    def least(self, metric: str) -> int:
        """Units without which not even the first upstream call can be made."""
        if self.is_whole:
            return self._upper(metric)
        match metric:
            case "tokens":
                return self.one_prompt_tokens + 1
            case "cost":
                return self._cost(self.one_prompt_tokens, 1, 1, 0)
            case _:
                return min(self.tool_calls, 1)

    def most(self, metric: str) -> int:
        """Units that will do, whatever comes."""
        return max(self._upper(metric), self.least(metric))

    def _upper(self, metric: str) -> int:
        match metric:
            case "tokens":
                return self.prompt_tokens + self.completion_tokens
            case "cost":
                return self._cost(self.prompt_tokens, self.completion_tokens, self.calls, self.tool_calls)
            case _:
                return self.tool_calls

    def _cost(self, prompt_tokens: int, completion_tokens: int, calls: int, tool_calls: int) -> int:
        """Rounded up, in whole numbers throughout."""
        millionths = prompt_tokens * _steps(self.prompt_price) + completion_tokens * _steps(self.completion_price)
        return -(-millionths // _MILLION) + calls * _steps(self.call_price) + tool_calls * _steps(self.tool_price)


def _steps(price: Decimal | None) -> int:
    return 0 if price is None else units_of("cost", price)
