"""Why a prompt does not get to see a tool, in one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from ..plugins.catalog import PluginRecord, PluginState
from ..selection.decisions import Decision
from .explanation import Explanation

__all__ = ["why_not"]

_SHOWN = 200


def why_not(explanation: Explanation, wanted: str) -> str:
    """Say why a prompt does not get to see a tool.

    Args:
        explanation: What was decided about the prompt.
        wanted: The tool's wire name or id ``plugin.tool``, or the id of a plugin for all of its tools.

    Returns:
        One sentence; that the tool is presented, if it is.
    """
    tools = explanation.tools.values()
    found = [tool.id for tool in tools if wanted in {tool.id, tool.name}]
    found = found or [tool.id for tool in tools if wanted == tool.plugin.name]
    if len(found) == 1:
        return _about_tool(explanation, found[0])
    if found:
        return f"{_shown(wanted)} has {len(found)} tools: {_each(explanation, found)}."
    return _unknown(explanation, wanted)


def _each(explanation: Explanation, found: Sequence[str]) -> str:
    return "; ".join(_about_tool(explanation, tool).rstrip(".") for tool in found)


def _about_tool(explanation: Explanation, identity: str) -> str:
    name = explanation.tools[identity].name
    label = identity if identity.endswith(f".{name}") else f"{identity} ({name})"
    about = [decision for decision in explanation.decisions if decision.tool == identity]
    kept = [decision for decision in about if decision.kept]
    if kept:
        return f"{label} is presented: {_reasons(kept)}."
    if not about:
        return f"{label} is no candidate for this prompt."
    if len({decision.reason for decision in about}) == 1 and not _said_by_rules(about):
        return f"{label} is not presented, because {about[0].reason}."
    return f"{label} is not presented, because no rule selected it: {_reasons(about)}."


def _said_by_rules(about: Sequence[Decision]) -> bool:
    return any(not decision.overruled for decision in about)


def _reasons(decisions: Sequence[Decision]) -> str:
    told = dict.fromkeys(
        decision.reason if decision.rule == "no rule" else f"{decision.rule} says: {decision.reason}"
        for decision in decisions
    )
    return "; ".join(told)


def _unknown(explanation: Explanation, wanted: str) -> str:
    plugin = wanted.partition(".")[0]
    record = next((record for record in explanation.left_out if plugin in {record.name, record.distribution}), None)
    if record is not None:
        return _left_out(record, wanted)
    if plugin in {tool.plugin.name for tool in explanation.tools.values()}:
        known = ", ".join(tool.id for tool in explanation.tools.values() if tool.plugin.name == plugin)
        return f"The plugin {_shown(plugin)} has no tool {_shown(wanted)}; it has {known}."
    names = sorted({name for tool in explanation.tools.values() for name in (tool.id, tool.name, tool.plugin.name)})
    near = difflib.get_close_matches(wanted, names, n=1)
    guess = f"; did you mean {near[0]}?" if near else " (in quarantine, too, it would be unknown by its wire name)."
    if not near and not any(record.state is PluginState.QUARANTINED for record in explanation.left_out):
        guess = "."
    return f"No installed plugin has a tool {_shown(wanted)}{guess}"


def _left_out(record: PluginRecord, wanted: str) -> str:
    where = f"{record.distribution} {record.version}".strip()
    if record.state is PluginState.DENIED:
        return f"{_shown(wanted)} is not presented, because the plugin {record.name} ({where}) is {_denied(record)}."
    reason = (record.reason or "").rstrip(".")
    return f"{_shown(wanted)} is not presented, because the plugin {record.name} ({where}) is in quarantine: {reason}."


def _denied(record: PluginRecord) -> str:
    reason = (record.reason or "denied").rstrip(".")
    return reason if reason.startswith("denied") else f"denied: it is {reason}"


def _shown(name: str) -> str:
    return f"'{name[:_SHOWN]}'"
