"""The events that open a turn: what was planned, told in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .events import Event, PluginSelected, ProviderInitialized, SettingsConflicted, ToolPresented, TurnStarted
from .plan import TurnPlan

__all__ = ["opening_events"]


def opening_events(plan: TurnPlan, stamp: Callable[[], dict[str, Any]]) -> Iterator[Event]:
    """Tell what a turn starts with.

    Args:
        plan: The turn.
        stamp: Gives the members that every event carries.

    Yields:
        The start, the provider, the rules that selected, their conflicts, and the tools, in this order.
    """
    yield TurnStarted(
        **stamp(),
        caller=plan.request.caller.name,
        text=plan.text,
        messages=plan.thread,
        settings=plan.settings,
        decisions=plan.tool_set.decisions,
    )
    yield ProviderInitialized(
        **stamp(), provider=plan.settings.provider, plugin=plan.provider.plugin.name, model=plan.settings.model
    )
    for item in plan.tool_set.selections:
        yield PluginSelected(
            **stamp(),
            plugin=item.judgement.rule.plugin.name,
            rule=item.judgement.rule.rule.description,
            reason=item.judgement.verdict.reason,
            terms=item.judgement.verdict.terms,
            tools=item.tools,
        )
    for conflict in plan.tool_set.conflicts:
        yield SettingsConflicted(**stamp(), setting=conflict.setting, kept=conflict.kept, dropped=conflict.dropped)
    for tool in plan.tool_set.tools:
        yield ToolPresented(
            **stamp(),
            tool=tool.id,
            name=tool.name,
            plugin=tool.plugin.name,
            reason=plan.tool_set.reasons.get(tool.id, ""),
            definition=tool.definition,
        )
