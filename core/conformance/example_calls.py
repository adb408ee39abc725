"""The example calls of tools, really made, once for all checks that need to know what comes of them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from ..effect_watch import Observed, environment_reads_told, watching
from ..effects import Effect
from ..jsontext import JsonObject
from ..plugins.catalog import RegisteredTool
from ..tools.outcome import ToolOutcome
from .calling import open_calls
from .instrumenting import instrumented
from .ownership import OwnFiles
from .refusing import refusing
from .subject import Subject
from .watchdog import plugin_line

__all__ = ["ToolCalls", "example_calls", "has_effects"]

_SHARED = "example calls"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalls:
    """What came of the example calls of one tool.

    Attributes:
        outcomes: Each example with the answer to it.
        effects: The effects that were seen, each kind with the first sight of it.
    """

    outcomes: Sequence[tuple[JsonObject, ToolOutcome]]
    effects: Mapping[Effect, str] = field(default_factory=dict)


async def example_calls(subject: Subject) -> Sequence[tuple[RegisteredTool, ToolCalls]]:
    """Make the example calls of all tools, unless a check has made them before.

    Args:
        subject: The plugin.

    Returns:
        Each tool, and what came of its example calls.
    """
    made: Sequence[tuple[RegisteredTool, ToolCalls]] | None = subject.shared.get(_SHARED)
    if made is None:
        made = subject.shared[_SHARED] = await _make(subject)
    return made


async def has_effects(subject: Subject, tool: RegisteredTool) -> bool:
    """Tell whether a tool declares effects, or its examples were seen to have some: then calls have a price.

    Args:
        subject: The plugin.
        tool: One of its tools.
    """
    if tool.tool.effects:
        return True
    return any(made.effects for called, made in await example_calls(subject) if called.id == tool.id)


async def _make(subject: Subject) -> Sequence[tuple[RegisteredTool, ToolCalls]]:
    own = OwnFiles.of(subject)
    made: list[tuple[RegisteredTool, ToolCalls]] = []
    settings = subject.settings
    async with open_calls(
        subject.service.host, timeout=settings.tool_timeout, result_limit=settings.tool_result_limit
    ) as calls:
        for tool in subject.tools:
            # nobody is asked with a key that was made up
            seen = _Seen(own, refused_outside=subject.room if subject.made_up else None)
            watched = instrumented(tool, around=seen.around)
            with environment_reads_told():
                outcomes = [(example, (await calls.call(watched, example)).outcome) for example in tool.tool.examples]
            made.append((tool, ToolCalls(outcomes=outcomes, effects=seen.sights)))
    return made


class _Seen:
    """The effects of one tool, each kind with the first sight of it."""

    def __init__(self, own: OwnFiles, *, refused_outside: Path | None) -> None:
        self._own = own
        self._refused_outside = refused_outside
        self.sights: dict[Effect, str] = {}

    def around(self) -> AbstractContextManager[None]:
        """Watch one run of the tool."""
        return watching(self._hear) if self._refused_outside is None else refusing(self._refused_outside, self._hear)

    def _hear(self, observed: Observed) -> None:
        if observed.event == "promptdock.environ.get" and not self._own(observed.by):
            return  # what a library looks for in the environment is no effect that the tool's author knows of
        line = plugin_line(sys._getframe(), self._own)  # noqa: SLF001
        self.sights.setdefault(observed.effect, f"{observed.event} {observed.detail}{f' at {line}' if line else ''}")
