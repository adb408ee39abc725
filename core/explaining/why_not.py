"""Why a prompt does not get to see a tool, in one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from ..jsontext import JsonObject
from ..plugins.catalog import PluginRecord, PluginState
from ..selection.decisions import Decision
from .explanation import Explanation

__all__ = ["Answer", "answer", "why_not"]

_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Why a prompt does not get to see a tool, or that it does.

    Attributes:
        tool: The tool that was asked for, as it was named.
        cause: ``presented``; ``not_selected`` by any rule; ``overruled`` by what lies outside of the rules: the LLM
            client, the model, the caller's own tools or tool choice; ``quarantined``, ``denied`` or ``not_installed``.
            Of a plugin with several tools, the cause of the first one that is presented, else of the first one.
        sentence: The answer.
    """

    tool: str
    cause: Literal["presented", "not_selected", "overruled", "quarantined", "denied", "not_installed"]
    sentence: str

    @property
    def presented(self) -> bool:
        """Whether the model gets to see the tool, or one of the plugin's."""
        return self.cause == "presented"

    def as_json(self) -> JsonObject:
        """The answer as ``promptdock why-not --json`` gives it."""
        return {**asdict(self), "presented": self.presented}


def why_not(record: Explanation | Sequence[Decision], wanted: str) -> str:
    """Say why a prompt does not get to see a tool; see :func:`answer`.

    Returns:
        One sentence; that the tool is presented, if it is.
    """
    return answer(record, wanted).sentence


def answer(record: Explanation | Sequence[Decision], wanted: str) -> Answer:
    """Say why a prompt does not get to see a tool.

    Args:
        record: What was decided about the prompt: an explanation, or the decisions of a stored turn, which do not know
            of plugins that were in quarantine or denied.
        wanted: The tool's wire name or id ``plugin.tool``, or the id of a plugin for all of its tools.
    """
    decisions, left_out = (record.decisions, record.left_out) if isinstance(record, Explanation) else (record, None)
    found = _found(decisions, wanted)
    if not found:
        return _unknown(decisions, left_out, wanted)
    told = [_about_tool(wanted, [item for item in decisions if item.tool == tool]) for tool in found]
    first = next((one for one in told if one.presented), told[0])
    if len(told) == 1:
        return first
    each = "; ".join(one.sentence.rstrip(".") for one in told)
    return Answer(tool=wanted, cause=first.cause, sentence=f"{_shown(wanted)} has {len(told)} tools: {each}.")


def _found(decisions: Sequence[Decision], wanted: str) -> list[str]:
    """The ids of the tools that are meant, each once."""
    named = dict.fromkeys(item.tool for item in decisions if item.tool and wanted in {item.tool, item.name})
    owned = dict.fromkeys(item.tool for item in decisions if item.tool and wanted == item.plugin)
    return list(named or owned)


def _about_tool(wanted: str, about: Sequence[Decision]) -> Answer:
    identity, name = about[0].tool or "", about[0].name
    label = identity if name is None or identity.endswith(f".{name}") else f"{identity} ({name})"
    kept = [decision for decision in about if decision.kept]
    if kept:
        return Answer(tool=wanted, cause="presented", sentence=f"{label} is presented: {_reasons(kept)}.")
    if all(decision.overruled for decision in about):
        because = "; ".join(dict.fromkeys(decision.reason for decision in about))
        return Answer(tool=wanted, cause="overruled", sentence=f"{label} is not presented, because {because}.")
    because = f"no rule selected it: {_reasons(about)}"
    return Answer(tool=wanted, cause="not_selected", sentence=f"{label} is not presented, because {because}.")


def _reasons(decisions: Sequence[Decision]) -> str:
    told = dict.fromkeys(
        decision.reason if decision.rule == "no rule" else f"{decision.rule} says: {decision.reason}"
        for decision in decisions
    )
    return "; ".join(told)


def _unknown(decisions: Sequence[Decision], left_out: Sequence[PluginRecord] | None, wanted: str) -> Answer:
    plugin, known = wanted.partition(".")[0], left_out or ()
    broken = [record for record in known if record.state is PluginState.QUARANTINED]
    record = next((record for record in known if plugin in {record.name, record.distribution}), None)
    # of a name that several plugins claim, each of their reasons speaks
    record = record or next((record for record in broken if f"{wanted!r}" in (record.reason or "")), None)
    if record is not None:
        return _left_out(record, wanted)
    own = dict.fromkeys(item.tool for item in decisions if item.tool and item.plugin == plugin)
    if own:
        sentence = f"The plugin {_shown(plugin)} has no tool {_shown(wanted)}; it has {', '.join(own)}."
    else:
        nobody = "No installed plugin has" if left_out is not None else "No plugin that was loaded then had"
        sentence = f"{nobody} a tool {_shown(wanted)}{_guess(decisions, broken, wanted)}"
    return Answer(tool=wanted, cause="not_installed", sentence=sentence)


def _guess(decisions: Sequence[Decision], broken: Sequence[PluginRecord], wanted: str) -> str:
    names = sorted({name for item in decisions if item.tool for name in (item.tool, item.name, item.plugin) if name})
    near = difflib.get_close_matches(wanted[:_SHOWN], names, n=1)
    if near:
        return f"; did you mean {near[0]}?"
    if broken:
        return f", unless it is of a plugin in quarantine: {', '.join(record.name for record in broken)}."
    return "."


def _left_out(record: PluginRecord, wanted: str) -> Answer:
    where = f"{record.distribution} {record.version}".strip()
    start = f"{_shown(wanted)} is not presented, because the plugin {record.name} ({where}) is"
    if record.state is PluginState.DENIED:
        return Answer(tool=wanted, cause="denied", sentence=f"{start} {_denied(record)}.")
    reason = (record.reason or "").rstrip(".")
    return Answer(tool=wanted, cause="quarantined", sentence=f"{start} in quarantine: {reason}.")


def _denied(record: PluginRecord) -> str:
    reason = (record.reason or "denied").rstrip(".")
    return reason if reason.startswith("denied") else f"denied: it is {reason}"


def _shown(name: str) -> str:
    return f"'{name[:_SHOWN]}'"
