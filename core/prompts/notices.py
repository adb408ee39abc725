"""What the observe hooks are told of around a turn: budgets, sessions, charges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..service_events import ChargeAuthorized, ChargeDeclined, ChargeRecorded, SessionOpened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from ..service_events import ServiceEvent
    from ..store.budgets import BudgetDeclined, Grant
    from ..store.charges import NewCharge
    from .relaying import RelayTask
    from .task import PromptTask

__all__ = ["about", "authorizations", "declined", "recorded", "session_opened"]


def about(task: PromptTask | RelayTask, turn_id: str = "") -> dict[str, Any]:
    """What every event about a prompt, or a raw passthrough, carries."""
    return {
        "request_id": task.request.request_id,
        "turn_id": turn_id,
        "caller": task.principal.name,
        "account": task.principal.account_number,
    }


def authorizations(task: PromptTask | RelayTask, turn_id: str, grant: Grant) -> Iterator[ServiceEvent]:
    """One event for each budget that had room."""
    for one in grant.authorized:
        yield ChargeAuthorized(
            **about(task, turn_id),
            budget=one.name,
            scope=one.scope,
            metric=one.metric,
            limit=one.limit,
            left=one.left,
        )


def declined(task: PromptTask | RelayTask, error: BudgetDeclined) -> ServiceEvent:
    """The event of a budget that has no room."""
    fact = error.fact
    return ChargeDeclined(
        **about(task), budget=fact.name, scope=fact.scope, metric=fact.metric, limit=fact.limit, left=fact.left
    )


def session_opened(task: PromptTask, session_id: UUID) -> Iterator[ServiceEvent]:
    """The event of a new session of an LLM client."""
    if task.client is not None:
        yield SessionOpened(
            **about(task),
            llm_client=task.client.name,
            llm_client_id=str(task.client.id),
            session_id=str(session_id),
        )


def recorded(task: PromptTask | RelayTask, turn_id: str, charges: tuple[NewCharge, ...]) -> Iterator[ServiceEvent]:
    """One event for each new charge."""
    for charge in charges:
        yield ChargeRecorded(
            **about(task, turn_id),
            charge_id=str(charge.id),
            kind=charge.kind,
            provider=charge.provider,
            model=charge.model,
            plugin=charge.plugin,
            tool=charge.tool,
            prompt_tokens=charge.prompt_tokens,
            completion_tokens=charge.completion_tokens,
            total_tokens=charge.total_tokens,
            estimated=charge.is_estimated,
            cost=charge.cost,
            llm_client=None if task.client is None else task.client.name,
        )
