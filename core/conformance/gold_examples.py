"""Gold: every tool has example calls, and they work; what they do is what the tool declares."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager

from ..effect_watch import Observed, environment_reads_told, watching
from ..effects import Effect
from ..plugins.catalog import RegisteredTool
from .calling import open_calls
from .check import Check, Finding, Grade, NotApplicable
from .instrumenting import instrumented
from .ownership import OwnFiles
from .subject import Subject
from .watchdog import plugin_line

__all__ = ["CHECKS"]


async def _examples(subject: Subject) -> Sequence[Finding]:
    if not subject.tools:
        raise NotApplicable("it has no tools")
    found: list[Finding] = []
    async with open_calls(subject.service.host, timeout=subject.settings.tool_timeout) as calls:
        for tool in subject.tools:
            if not tool.tool.examples:
                found.append(
                    Finding(
                        subject=tool.id,
                        text=f"{tool.id} has no example call.",
                        remedy='Declare one that works: @tool(examples=[{"sides": 6}]).',
                    )
                )
            for example in tool.tool.examples:
                outcome = (await calls.call(tool, example)).outcome
                if outcome.error is not None:
                    found.append(
                        Finding(
                            subject=tool.id,
                            text=f"The example {example!r} of {tool.id} ends as {outcome.error}: "
                            f"{outcome.error_message}",
                            remedy="Correct the example or the tool. When the example needs a network, a server or a "
                            "key, give the check one, e.g. by the plugin's settings in the environment.",
                        )
                    )
    return found


async def _effects(subject: Subject) -> Sequence[Finding]:
    if not subject.tools:
        raise NotApplicable("it has no tools")
    found: list[Finding] = []
    async with open_calls(subject.service.host, timeout=subject.settings.tool_timeout) as calls:
        for tool in subject.tools:
            seen = _Seen(OwnFiles.of(subject))
            watched = instrumented(tool, around=seen.around)
            with environment_reads_told():
                for example in tool.tool.examples:
                    await calls.call(watched, example)
            found += _differences(tool, seen.lines)
    return found


class _Seen:
    """The effects of one tool, each kind with the first sight of it."""

    def __init__(self, own: OwnFiles) -> None:
        self._own = own
        self.lines: dict[Effect, str] = {}

    def around(self) -> AbstractContextManager[None]:
        """Watch one run of the tool."""
        return watching(self._hear)

    def _hear(self, observed: Observed) -> None:
        if observed.event == "promptdock.environ.get" and not self._own(observed.by):
            return  # what a library looks for in the environment is no effect that the tool's author knows of
        line = plugin_line(sys._getframe(), self._own)  # noqa: SLF001
        self.lines.setdefault(observed.effect, f"{observed.event} {observed.detail}{f' at {line}' if line else ''}")


def _differences(tool: RegisteredTool, seen: dict[Effect, str]) -> Iterator[Finding]:
    declared = tool.tool.effects
    for effect, sight in seen.items():
        if effect not in declared:
            yield Finding(
                subject=tool.id,
                text=f"{tool.id} has the effect {effect}, which it does not declare: {sight}.",
                remedy=f"Declare it: @tool(effects=[{', '.join(repr(str(e)) for e in sorted({*declared, effect}))}]), "
                "or do without it.",
            )
    for effect in sorted(declared - seen.keys()):
        yield Finding(
            subject=tool.id,
            text=f"{tool.id} declares the effect {effect}, but none of its examples has it.",
            remedy="Add an example that has it, or drop the declaration.",
        )


CHECKS: tuple[Check, ...] = (
    Check(
        id="examples",
        grade=Grade.GOLD,
        title="Every tool has example calls, and they answer without an error",
        remedy='Give each tool calls that work: @tool(examples=[{"sides": 6}]).',
        run=_examples,
    ),
    Check(
        id="effects",
        grade=Grade.GOLD,
        title="Every tool declares the effects that its examples were seen to have, and no others",
        remedy='Declare network, files, subprocess and environment as they are: @tool(effects=["network"]).',
        run=_effects,
    ),
)
