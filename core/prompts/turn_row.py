"""The row of a turn that opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from ..selection.decision_sets import StoredDecisions
    from .planning import PlannedTurn
    from .task import PromptTask

__all__ = ["turn_row"]


def turn_row(
    turn_id: UUID, worker_id: UUID, task: PromptTask, planned: PlannedTurn, decisions: StoredDecisions
) -> dict[str, Any]:
    """Make the row, as values by column, save for session and number.

    Args:
        turn_id: Its id.
        worker_id: The process that runs the turn.
        task: What is asked.
        planned: What runs.
        decisions: About tools.
    """
    plan = planned.plan
    return {
        "id": turn_id,
        "llm_client_id": None if task.client is None else task.client.id,
        "account_id": task.account_id,
        "profile_id": task.principal.profile_id,
        "api_key_id": task.principal.api_key_id,
        "worker_id": worker_id,
        "request_id": plan.request.request_id,
        "caller": task.principal.name[:100],
        "journal_id": None if task.journal is None else task.journal.key,
        "path": None if task.journal is None else task.journal.path,
        "state": "running",
        "is_streamed": plan.request.stream,
        "text": plan.text,
        "provider": plan.settings.provider,
        "model": plan.settings.model,
        "temperature": plan.settings.temperature,
        "max_completion_tokens": plan.settings.max_completion_tokens,
        "dropped": planned.dropped,
        "decisions": decisions.overrides,
        "decision_set_id": decisions.set_id,
    }
