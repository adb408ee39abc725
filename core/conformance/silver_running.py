"""Silver: how tools, hooks and rules run: they end in time, let the event loop go on, and give what can be sent."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from ..plugins.catalog import RegisteredTool
from ..tools.errors import ToolErrorCode
from .blocking import LoopGuard
from .calling import Calls, open_calls
from .check import Check, Finding, Grade, NotApplicable
from .endings import ending_findings
from .fuzzing import valid_arguments
from .generating import require_hypothesis
from .instrumenting import instrumented, runs_on_loop
from .ownership import OwnFiles
from .refusing import refusing
from .samples import sample_calls
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
            called, samples = sample_calls(subject, tool)
            if samples:
                found += await ending_findings(calls, called, samples[0], own)
    return found


async def _loop(subject: Subject) -> Sequence[Finding]:
    guard = LoopGuard(OwnFiles.of(subject))
    async with open_calls(subject.service.host, timeout=subject.settings.tool_timeout) as calls:
        for tool in filter(runs_on_loop, subject.tools):
            await _watch_tool(subject, calls, tool, guard)
    async with open_stage(subject) as service:
        prompts = prompts_of(subject)
        await service.prompt(prompts[0], model=MODEL)  # what is imported at the first call is not waited for again
        async with guard.watching():
            for prompt in prompts:
                await service.prompt(prompt, model=MODEL)
            await service.host.drain(subject.settings.hook_timeout)
    return guard.findings


async def _watch_tool(subject: Subject, calls: Calls, tool: RegisteredTool, guard: LoopGuard) -> None:
    require_hypothesis()
    scratch = subject.scratch / "loop"
    scratch.mkdir(exist_ok=True)
    called, samples = sample_calls(subject, tool)
    drawn = valid_arguments(tool, 20)
    for sample in samples[:1]:
        await calls.call(called, sample)  # what is imported at the first call is not waited for again
    async with guard.watching():
        for sample in samples:
            await calls.call(called, sample)
        refused = instrumented(tool, around=functools.partial(refusing, scratch, guard.hear), timeout=10)
        for arguments in drawn:
            await calls.call(refused, arguments)


async def _results(subject: Subject) -> Sequence[Finding]:
    if not subject.tools:
        raise NotApplicable("it has no tools")
    found: list[Finding] = []
    host, settings = subject.service.host, subject.settings
    for tool in subject.tools:
        called, samples = sample_calls(subject, tool)
        for sample in samples[:2]:
            async with open_calls(
                host, timeout=settings.tool_timeout, result_limit=settings.tool_result_limit
            ) as calls:
                usual = (await calls.call(called, sample)).outcome
            async with open_calls(host, timeout=settings.tool_timeout, result_limit=_TINY) as calls:
                capped = (await calls.call(called, sample)).outcome
            if usual.error is ToolErrorCode.RESULT_NOT_SERIALISABLE:
                found.append(
                    _result_finding(tool, str(usual.error_message), "Return text, or what JSON has a form for.")
                )
            elif usual.error is ToolErrorCode.RESULT_TOO_LARGE:
                found.append(_result_finding(tool, str(usual.error_message), "Return less: the model has to read it."))
            elif usual.error is None and capped.error not in {None, ToolErrorCode.RESULT_TOO_LARGE}:
                text = f"Under a limit of {_TINY} character the result of {tool.id} ends as {capped.error}."
                found.append(_result_finding(tool, text, "Let nothing depend on how long the result may be."))
    return found


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
