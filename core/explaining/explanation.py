"""What selection would decide about a prompt, without a model being asked and without a trace."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import asdict

from ..jsontext import JsonObject
from ..plugins.catalog import PluginRecord, PluginState
from ..selection.decisions import Decision, decision_as_json
from ..selection.tool_sets import Conflict

if TYPE_CHECKING:
    from ..plugins.catalog import RegisteredTool
    from ..service import PromptService
    from ..turn.request import EffectiveSettings, PromptRequest

__all__ = ["Explanation", "explain"]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about one prompt.

    Attributes:
        text: The newest user text.
        settings: Provider, model, temperature and most tokens that the turn would use.
        decisions: What each rule decided about each tool, in that order; the record that is stored with a turn. Rules
            without tools come after the tools, and tools that the LLM client does not offer come last.
        tools: Every registered tool, by id.
        presented: Ids of the tools that the model would get to see, in the order in which they are sent.
        additions: Texts that the system message would gain.
        conflicts: Settings about which rules disagreed.
        left_out: The plugins whose tools are no candidates: in quarantine or denied.
        ms: Milliseconds that it all took.
    """

    text: str
    settings: EffectiveSettings
    decisions: Sequence[Decision]
    tools: Mapping[str, RegisteredTool]
    presented: tuple[str, ...]
    additions: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    left_out: tuple[PluginRecord, ...]
    ms: float

    def as_json(self, *, full: bool = True) -> JsonObject:
        """The explanation as ``promptdock explain --json`` and ``POST /api/v1/explain`` give it.

        Args:
            full: Whether to tell the texts and settings that the prompt would get, too, which are the business of those
                who may read the LLM client.
        """
        shown: JsonObject = {
            "text": self.text,
            "decisions": [decision_as_json(decision) for decision in self.decisions],
            "tools": [_tool(tool) for tool in self.tools.values()],
            "tools_presented": [self.tools[identity].name for identity in self.presented],
            "left_out": [_plugin(record) for record in self.left_out],
            "ms": round(self.ms, 3),
        }
        if full:
            shown["settings"] = asdict(self.settings)
            shown["additions"] = list(self.additions)
            shown["conflicts"] = [asdict(conflict) for conflict in self.conflicts]
        return shown


async def explain(service: PromptService, request: PromptRequest) -> Explanation:
    """Say which tools a prompt would get to see, and why.

    Args:
        service: The prompt service.
        request: The prompt.

    Raises:
        PromptdockError: The prompt could not be answered.
    """
    started = time.perf_counter()
    plan = await service.plan(request)
    chosen = plan.tool_set
    return Explanation(
        text=plan.text,
        settings=plan.settings,
        decisions=chosen.decisions,
        tools=service.catalog.tools,
        presented=tuple(tool.id for tool in chosen.tools),
        additions=chosen.additions,
        conflicts=chosen.conflicts,
        left_out=tuple(record for record in service.catalog.plugins if record.state is not PluginState.LOADED),
        ms=(time.perf_counter() - started) * 1000,
    )


def _tool(tool: RegisteredTool) -> JsonObject:
    return {
        "id": tool.id,
        "name": tool.name,
        "plugin": tool.plugin.name,
        "distribution": tool.plugin.distribution,
        "version": tool.plugin.version,
    }


def _plugin(record: PluginRecord) -> JsonObject:
    return {
        "name": record.name,
        "distribution": record.distribution,
        "version": record.version,
        "state": record.state.value,
        "reason": record.reason,
        "remedy": record.remedy,
    }
