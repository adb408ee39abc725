"""Silver: how tools, hooks and rules run: they end in time, let the event loop go on, and give what can be sent."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from ..plugins.catalog import RegisteredTool
from ..tools.errors import ToolErrorCode
from ..tools.outcome import ToolOutcome
from .blocking import LoopGuard
from .calling import Calls, open_calls
from .check import Check, Finding, Grade, NotApplicable
from .endings import ending_findings
from .example_calls import example_calls
from .fuzzing import valid_arguments
from .generating import require_hypothesis
from .instrumenting import instrumented, runs_on_loop
from .ownership import OwnFiles
from .refusing import refusing
from .samples import harmless_calls
from .stage import MODEL, open_stage, prompts_of
from .subject import Subject

__all__ = ["CHECKS"]

_TINY = 1
"""Characters: a limit on results that nearly all are over."""


async def _endings(subject: Subject) -> Sequence[Finding]:
    if not subject.tools:
        raise NotApplicable("it has no tools")
    own = OwnFiles.of(subject)
    found: list[Finding] = []
    async with open_calls(subject.service.host, timeout=subject.settings.tool_timeout) as calls:
        for tool in subject.tools:
            called, samples = await harmless_calls(subject, tool)
            if samples:
                found += await ending_findings(calls, called, samples[0], own)
    return found


async def _loop(subject: Subject) -> Sequence[Finding]:
    guard = LoopGuard(OwnFiles.of(subject))
    async with open_calls(subject.service.host, timeout=subject.settings.tool_timeout) as calls:
        for tool in filter(runs_on_loop, subject.tools):
            await _watch_tool(subject, calls, tool, guard)
    # the model calls tools by their examples
    async with open_stage(subject, around=functools.partial(refusing, subject.room, guard.hear)) as service:
        prompts = prompts_of(subject)
        await service.prompt(prompts[0], model=MODEL)  # what is imported at the first call is not waited for again
        async with guard.watching():
            for prompt in prompts:
                await service.prompt(prompt, model=MODEL)
            await service.host.drain(subject.settings.hook_timeout)
    return guard.findings


async def _watch_tool(subject: Subject, calls: Calls, tool: RegisteredTool, guard: LoopGuard) -> None:
    require_hypothesis()
    drawn = valid_arguments(tool, 20)
    refused = instrumented(tool, around=functools.partial(refusing, subject.room, guard.hear), timeout=10)
    # what is imported at the first call is not waited for again
    await example_calls(subject)
    for arguments in () if tool.tool.examples else drawn[:1]:
        await calls.call(refused, arguments)
    async with guard.watching():
        for example in tool.tool.examples:
            await calls.call(refused if subject.made_up else tool, example)
        for arguments in drawn:
            await calls.call(refused, arguments)


async def _results(subject: Subject) -> Sequence[Finding]:
    if not subject.tools:
        raise NotApplicable("it has no tools")
    found: list[Finding] = []
    async with (
        open_calls(
            subject.service.host,
            timeout=subject.settings.tool_timeout,
            result_limit=subject.settings.tool_result_limit,
        ) as calls,
        open_calls(subject.service.host, timeout=subject.settings.tool_timeout, result_limit=_TINY) as capping,
    ):
        for tool, made in await example_calls(subject):
            called, samples = await harmless_calls(subject, tool)
            usual = [outcome for _, outcome in made.outcomes]
            if not usual:
                usual = [(await calls.call(called, sample)).outcome for sample in samples[:2]]
            found += [finding for outcome in usual for finding in _unusable(tool, outcome)]
            if all(outcome.error is None for outcome in usual):
                capped = [(await capping.call(called, sample)).outcome for sample in samples[:2]]
                found += [finding for outcome in capped for finding in _not_capped(tool, outcome)]
    return found


def _unusable(tool: RegisteredTool, outcome: ToolOutcome) -> Iterator[Finding]:
    text = str(outcome.error_message)
    if outcome.error is ToolErrorCode.RESULT_NOT_SERIALISABLE:
        yield _result_finding(tool, text, "Return text, or what JSON has a form for.")
    elif outcome.error is ToolErrorCode.RESULT_TOO_LARGE:
        yield _result_finding(tool, text, "Return less: the model has to read it.")


def _not_capped(tool: RegisteredTool, outcome: ToolOutcome) -> Iterator[Finding]:
    # a call whose effects are refused may fail, and be late
    if outcome.error not in {None, ToolErrorCode.RESULT_TOO_LARGE, ToolErrorCode.TOOL_FAILED, ToolErrorCode.TIMEOUT}:
        text = f"Under a limit of {_TINY} character the result of {tool.id} ends as {outcome.error}."
        yield _result_finding(tool, text, "Let nothing depend on how long the result may be.")


def _result_finding(tool: RegisteredTool, text: str, remedy: str) -> Finding:
    return Finding(subject=tool.id, text=text, remedy=remedy)


CHECKS: tuple[Check, ...] = (
    Check(
        id="timeout-and-cancellation",
        grade=Grade.SILVER,
        title="Every tool ends soon after its timeout and after it was cancelled",
        remedy="Let asyncio.CancelledError through, bound every wait by context.timeout, and end the tasks and threads "
        "that a tool starts.",
        run=_endings,
    ),
    Check(
        id="event-loop",
        grade=Grade.SILVER,
        title="Tools, hooks and rules never block the event loop",
        remedy="Await what has to be waited for. Code that blocks belongs in a plain def without nonblocking, which "
        "runs in a thread, or in asyncio.to_thread.",
        run=_loop,
    ),
    Check(
        id="results",
        grade=Grade.SILVER,
        title="Results can be sent, and respect the limit on their size",
        remedy="Return text, or what JSON has a form for, and no more than a model can read.",
        run=_results,
    ),
)
