"""Metrics of turns, of what selection presents, of upstream calls and of tools: from the events of each turn."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..service_events import RelayReceived
from ..turn.events import (
    CompletionDelta,
    CompletionReceived,
    CompletionRequested,
    PluginResponded,
    ToolRequested,
    ToolResponded,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    Usage,
)
from .outcomes import OK, outcome_of, outcome_of_status
from .registry import LATENCIES

if TYPE_CHECKING:
    from ..service_events import RelayFailed
    from ..turn.events import Event
    from ..turn.plan import TurnPlan
    from .registry import MetricsRegistry

__all__ = ["TurnMetrics"]

_log = logging.getLogger("promptdock.telemetry")
_FEW: Final = (0, 1, 2, 5, 10, 20, 50, 100, 200)
_SELECTION: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0)
_TURN: Final = "turn"
_PASSTHROUGH: Final = "passthrough"
_UNKNOWN: Final = "unknown"
"""Stands for tools that nobody presented: models make names up."""


class TurnMetrics:
    """Counts turns and what happens in them.

    Args:
        registry: Where its metrics are made.
    """

    def __init__(self, registry: MetricsRegistry) -> None:
        self.turns = registry.counter("promptdock_turns", "Turns that have ended, by how they did.", ["state"])
        self.turn_seconds = registry.plain_histogram(
            "promptdock_turn_duration_seconds", "Time from the begin of a turn to its end."
        )
        self.running = registry.level("promptdock_turns_in_progress", "Turns that run.")
        self.rounds = registry.plain_histogram(
            "promptdock_turn_rounds", "Upstream calls that a turn took.", (1, 2, 3, 4, 6, 8, 16, 32, 100)
        )
        self.selection_seconds = registry.plain_histogram(
            "promptdock_selection_duration_seconds", "Time to select the tools of a turn.", _SELECTION
        )
        self.presented = registry.plain_histogram(
            "promptdock_tools_presented", "Tools that a turn presents to the model.", _FEW
        )
        calls = ["provider", "kind"]
        self.calls = registry.counter(
            "promptdock_provider_calls",
            "Upstream calls that have ended, of turns and passthroughs.",
            [*calls, "outcome"],
        )
        self.call_seconds = registry.histogram(
            "promptdock_provider_call_duration_seconds", "Time from an upstream call to its last byte.", calls
        )
        self.first_token = registry.histogram(
            "promptdock_provider_first_token_seconds",
            "Time from an upstream call to the first piece of its answer that a caller sees, in turns that stream.",
            ["provider"],
            LATENCIES,
        )
        self.tokens = registry.counter(
            "promptdock_provider_tokens", "Tokens as providers report them.", ["provider", "kind"]
        )
        self.tools = registry.counter(
            "promptdock_tool_calls", "Calls of tools that have been answered.", ["plugin", "tool", "outcome"]
        )
        self.tool_seconds = registry.histogram(
            "promptdock_tool_duration_seconds", "Time that the function of a tool took.", ["plugin", "tool"]
        )

    def watch(self, plan: TurnPlan) -> _Watch:
        """Give what hears the events of one turn."""
        return _Watch(self, plan)

    def hear(self, event: RelayFailed | RelayReceived) -> None:
        """Take note of a passthrough."""
        usage = event.usage if isinstance(event, RelayReceived) else None
        self.called(event.provider, _PASSTHROUGH, outcome_of_status(event.status), event.ms / 1000, usage)

    def called(self, provider: str, kind: str, outcome: str, seconds: float, usage: Usage | None = None) -> None:
        """Count an upstream call, and its tokens."""
        self.calls[provider, kind, outcome].amount += 1
        self.call_seconds[provider, kind].observe(seconds)
        if usage is not None:
            self.tokens[provider, "prompt"].amount += max(0, usage.prompt_tokens)
            self.tokens[provider, "completion"].amount += max(0, usage.completion_tokens)


class _Watch:
    """One turn."""

    __slots__ = ("_asked_at", "_metrics", "_open_tools", "_plan", "_provider", "_silent")

    def __init__(self, metrics: TurnMetrics, plan: TurnPlan) -> None:
        self._metrics = metrics
        self._plan = plan
        self._provider: str | None = None
        self._asked_at = 0.0
        self._silent = False
        self._open_tools: dict[str, tuple[str, str]] = {}

    def tell(self, event: Event) -> None:
        """Take note of an event; most are of no interest, so this is one look-up for them."""
        handle = self.hears.get(type(event))
        if handle is not None:
            try:
                handle(self, event)
            except Exception:  # noqa: BLE001  (a number that is missing must not cost a turn)
                _log.exception("A metric of turn %s could not be counted", event.turn_id)

    def started(self, _: TurnStarted) -> None:
        self._metrics.running.amount += 1
        self._metrics.presented.observe(len(self._plan.tool_set.tools))
        self._metrics.selection_seconds.observe(self._plan.selection_ms / 1000)

    def asked(self, event: CompletionRequested) -> None:
        self._provider = event.provider
        self._asked_at = time.perf_counter()
        self._silent = True

    def piece(self, _: CompletionDelta) -> None:
        if self._silent and self._provider is not None:
            self._metrics.first_token[self._provider,].observe(time.perf_counter() - self._asked_at)
            self._silent = False

    def answered(self, event: CompletionReceived) -> None:
        if self._provider is not None:
            self._metrics.called(self._provider, _TURN, OK, event.ms / 1000, event.usage)
        self._provider = None
        self._silent = False

    def tool_asked(self, event: ToolRequested) -> None:
        self._open_tools[event.call_id] = (event.plugin or _UNKNOWN, event.tool or _UNKNOWN)

    def tool_ran(self, event: PluginResponded) -> None:
        self._metrics.tool_seconds[event.plugin, event.tool].observe(event.ms / 1000)

    def tool_answered(self, event: ToolResponded) -> None:
        self._open_tools.pop(event.call_id, None)
        # not f"{…}": the codes are an enumeration, whose members are texts
        outcome = OK if event.error is None else str(event.error)
        self._metrics.tools[event.plugin or _UNKNOWN, event.tool or _UNKNOWN, outcome].amount += 1

    def failed(self, event: TurnFailed) -> None:
        outcome = outcome_of(event.error)
        if self._provider is not None:
            self._metrics.called(self._provider, _TURN, outcome, time.perf_counter() - self._asked_at)
        for plugin, tool in self._open_tools.values():
            self._metrics.tools[plugin, tool, "cancelled"].amount += 1
        self.ended(event, "cancelled" if outcome == "cancelled" else "failed")

    def ended(self, event: TurnFailed | TurnFinished, state: str = "finished") -> None:
        metrics = self._metrics
        metrics.running.amount -= 1
        metrics.turns[state,].amount += 1
        metrics.turn_seconds.observe(event.ms / 1000)
        metrics.rounds.observe(event.rounds)

    hears: ClassVar[Mapping[type[Event], Callable[[_Watch, Any], None]]] = MappingProxyType(
        {
            CompletionDelta: piece,
            CompletionReceived: answered,
            CompletionRequested: asked,
            PluginResponded: tool_ran,
            ToolRequested: tool_asked,
            ToolResponded: tool_answered,
            TurnFailed: failed,
            TurnFinished: ended,
            TurnStarted: started,
        }
    )
