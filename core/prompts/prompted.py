"""An LLM client as its turns see it: what they need of its row, made once when that is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from ..turn.request import PromptDefaults, SelectionRuleSpec, ToolScope

if TYPE_CHECKING:
    from ..settings import Settings
    from ..store.tables import LLMClient

__all__ = ["PromptedClient", "rule_specs"]


class PromptedClient(msgspec.Struct, frozen=True, kw_only=True):
    """What turns need of an LLM client; see :class:`~promptdock.store.tables.LLMClient`.

    A row is an object that looks each of its values up where the database may have changed it. A turn asks for some
    twenty of them, and none changes while it is remembered.

    Attributes:
        id: Of its row.
        account_id: The account that it belongs to.
        name: Its name.
        system_role: The operator's system text.
        max_completion_tokens: The most that callers may ask for; None for any.
        context_tokens: The most tokens of the stored thread that are sent; None takes the setting's.
        errors_as_replies: Whether an upstream failure is answered with 200 and a reply that tells of it.
        defaults: What it says where neither the caller nor a rule says anything.
        scope: Which of the installed tools its prompts may see.
    """

    id: UUID
    account_id: UUID
    name: str
    system_role: str | None
    max_completion_tokens: int | None
    context_tokens: int | None
    errors_as_replies: bool
    defaults: PromptDefaults
    scope: ToolScope

    @classmethod
    def of(cls, row: LLMClient | PromptedClient, settings: Settings) -> PromptedClient:
        """Take what turns need.

        Args:
            row: The client's; what was taken of one already is what it is.
            settings: Have what it leaves open.
        """
        if isinstance(row, PromptedClient):
            return row
        return cls(
            id=row.id,
            account_id=row.account_id,
            name=row.name,
            system_role=row.system_role,
            max_completion_tokens=row.max_completion_tokens,
            context_tokens=row.context_tokens,
            errors_as_replies=row.errors_as_replies,
            defaults=_defaults(row, settings),
            scope=ToolScope(
                plugins=None if row.plugins is None else tuple(row.plugins),
                tools=None if row.tools is None else tuple(row.tools),
                rules=rule_specs(row.rules),
            ),
        )


def _defaults(row: LLMClient, settings: Settings) -> PromptDefaults:
    model = row.model
    if row.provider is not None:
        model = f"{row.provider}/{row.model or ''}"
    return PromptDefaults(
        model=model,
        temperature=row.temperature,
        max_completion_tokens=row.max_completion_tokens,
        fallback_temperature=settings.llm_client_temperature,
        fallback_max_completion_tokens=settings.llm_client_max_completion_tokens,
    )


def rule_specs(rules: Iterable[Mapping[str, Any]]) -> tuple[SelectionRuleSpec, ...]:
    """Read an LLM client's own selection rules as they are stored."""
    return tuple(
        SelectionRuleSpec(**{**rule, "tools": tuple(rule.get("tools", ())), "terms": tuple(rule.get("terms", ()))})
        for rule in rules
    )
