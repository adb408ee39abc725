"""The events that open a turn: what was planned, told in order."""

from __future__ import annotations

import time
from collections.abc import Iterator

from .events import Event, PluginSelected, ProviderInitialized, SettingsConflicted, ToolPresented, TurnStarted
from .plan import TurnPlan

__all__ = ["opening_events"]


def opening_events(plan: TurnPlan) -> Iterator[Event]:
    """Tell what a turn starts with.

    Args:
        plan: The turn.

    Yields:
        The start, the provider, the rules that selected, their conflicts, and the tools, in this order. All of it was
        settled before, so all of it happens now; the start is told before plugins' rules are asked for their names.
    """
    request_id, turn_id, at, tool_set = plan.request.request_id, plan.turn_id, time.time(), plan.tool_set
    yield TurnStarted(
        request_id=request_id,
        turn_id=turn_id,
        at=at,
        caller=plan.request.caller.name,
        text=plan.text,
        messages=plan.thread,
        settings=plan.settings,
        decisions=tool_set.decisions,
    )
    yield ProviderInitialized(
        request_id=request_id,
        turn_id=turn_id,
        at=at,
        provider=plan.settings.provider,
        plugin=plan.provider.plugin.name,
        model=plan.settings.model,
    )
    yield from [
        PluginSelected(
            request_id=request_id,
            turn_id=turn_id,
            at=at,
            plugin=item.judgement.rule.plugin.name,
            rule=item.judgement.rule.rule.description,
            reason=item.judgement.verdict.reason,
            terms=item.judgement.verdict.terms,
            tools=item.tools,
        )
        for item in tool_set.selections
    ]
    yield from [
        SettingsConflicted(
            request_id=request_id,
            turn_id=turn_id,
            at=at,
            setting=conflict.setting,
            kept=conflict.kept,
            dropped=conflict.dropped,
        )
        for conflict in tool_set.conflicts
    ]
    yield from [
        ToolPresented(
            request_id=request_id,
            turn_id=turn_id,
            at=at,
            tool=tool.id,
            name=tool.name,
            plugin=tool.plugin.name,
            reason=tool_set.reasons.get(tool.id, ""),
            definition=tool.definition,
        )
        for tool in tool_set.tools
    ]
