"""Gold: every tool has example calls, and they work; what they do is what the tool declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..effects import Effect
from ..plugins.catalog import RegisteredTool
from .check import Check, Finding, Grade, NotApplicable
from .example_calls import example_calls
from .subject import Subject

__all__ = ["CHECKS"]


async def _examples(subject: Subject) -> Sequence[Finding]:
    if not subject.tools:
        raise NotApplicable("it has no tools")
    found: list[Finding] = []
    for tool, made in await example_calls(subject):
        if not tool.tool.examples:
            found.append(
                Finding(
                    subject=tool.id,
                    text=f"{tool.id} has no example call.",
                    remedy='Declare one that works: @tool(examples=[{"sides": 6}]).',
                )
            )
        for example, outcome in made.outcomes:
            if outcome.error is not None:
                found.append(
                    Finding(
                        subject=tool.id,
                        text=f"The example {example!r} of {tool.id} ends as {outcome.error}: {outcome.error_message}",
                        remedy="Correct the example or the tool. When the example needs a network, a server or a "
                        "key, give the check one, e.g. by the plugin's settings in the environment.",
                    )
                )
    return found


async def _effects(subject: Subject) -> Sequence[Finding]:
    if not subject.tools:
        raise NotApplicable("it has no tools")
    return [finding for tool, made in await example_calls(subject) for finding in _differences(tool, made.effects)]


def _differences(tool: RegisteredTool, seen: Mapping[Effect, str]) -> Iterator[Finding]:
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
