"""Silver: tools take what their schema allows, and survive everything else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from ..plugins.catalog import RegisteredTool
from .calling import Calls, open_calls
from .check import Check, Finding, Grade, NotApplicable
from .fuzzing import hostile_findings, valid_findings
from .generating import require_hypothesis
from .ownership import OwnFiles
from .subject import Subject

__all__ = ["CHECKS"]

Finder: TypeAlias = Callable[[Calls, RegisteredTool, OwnFiles, Path], Awaitable[Sequence[Finding]]]


async def _valid(subject: Subject) -> Sequence[Finding]:
    return await _each_tool(subject, valid_findings)


async def _hostile(subject: Subject) -> Sequence[Finding]:
    return await _each_tool(subject, hostile_findings)


async def _each_tool(subject: Subject, find: Finder) -> Sequence[Finding]:
    if not subject.tools:
        raise NotApplicable("it has no tools")
    require_hypothesis()
    own = OwnFiles.of(subject)
    scratch = subject.scratch / "arguments"
    scratch.mkdir(exist_ok=True)
    async with open_calls(subject.service.host, timeout=subject.settings.tool_timeout) as calls:
        return [finding for tool in subject.tools for finding in await find(calls, tool, own, scratch)]


CHECKS: tuple[Check, ...] = (
    Check(
        id="valid-arguments",
        grade=Grade.SILVER,
        title="Every tool accepts arguments that fit its schema, while network and files refuse",
        remedy="Say in the schema what a tool does not take. What cannot be done is a ToolError with words for the "
        "model; any other exception is a failure.",
        run=_valid,
    ),
    Check(
        id="hostile-arguments",
        grade=Grade.SILVER,
        title="Every tool rejects or survives hostile arguments with a structured error",
        remedy="Let the schema reject what it can, and raise ToolError for the rest.",
        run=_hostile,
    ),
)
