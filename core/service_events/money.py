"""Events of money: charges, and what budgets say of them beforehand."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from .base import ServiceEvent

__all__ = ["ChargeAuthorized", "ChargeDeclined", "ChargeRecorded"]


class ChargeRecorded(ServiceEvent, frozen=True, kw_only=True):
    """The ledger has a new charge; once an upstream call and once a tool invocation, after they are stored.

    Attributes:
        charge_id: Id of the charge.
        kind: ``completion``: an upstream call of a turn; ``tool``: an invocation; ``relay``: a relayed request.
        provider: Name of the provider that was asked; None for a tool.
        model: The model that was asked; None for a tool, and for a relayed request that names none.
        plugin: Id of the plugin whose tool ran; None unless a tool.
        tool: Stable id of the tool; None unless a tool.
        prompt_tokens: Tokens that were read; 0 for a tool.
        completion_tokens: Tokens that were written; 0 for a tool.
        total_tokens: Both.
        estimated: Whether the tokens are an estimate, because the provider reported none.
        cost: What it cost by the price of that moment; None when there is no price.
        llm_client: Name of the LLM client that was prompted, or None.
    """

    hook: ClassVar[str] = "charge_recorded"
    charge_id: str
    kind: str
    provider: str | None
    model: str | None
    plugin: str | None
    tool: str | None
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    estimated: bool
    cost: Decimal | None
    llm_client: str | None


class ChargeAuthorized(ServiceEvent, frozen=True, kw_only=True):
    """A budget has room for what is about to be done, and has set it aside; once a budget that was asked.

    Attributes:
        budget: Name of the budget.
        scope: Whose spending it limits: ``account``, ``llm_client``, ``api_key`` or ``plugin``.
        metric: What it counts: ``tokens``, ``cost`` or ``tool_calls``.
        limit: The most of that, in tokens, money or calls.
        left: What is left of it, this one taken off.
    """

    hook: ClassVar[str] = "charge_authorized"
    budget: str
    scope: str
    metric: str
    limit: Decimal
    left: Decimal


class ChargeDeclined(ServiceEvent, frozen=True, kw_only=True):
    """A budget has no room for what was asked; the provider is not asked, and the caller gets 402.

    Attributes:
        budget: Name of the budget.
        scope: Whose spending it limits: ``account``, ``llm_client``, ``api_key`` or ``plugin``.
        metric: What it counts: ``tokens``, ``cost`` or ``tool_calls``.
        limit: The most of that, in tokens, money or calls.
        left: What is left of it, too little for what was asked.
    """

    hook: ClassVar[str] = "charge_declined"
    budget: str
    scope: str
    metric: str
    limit: Decimal
    left: Decimal
