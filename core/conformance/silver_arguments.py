"""Silver: tools take what their schema allows, and survive everything else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from ..plugins.catalog import RegisteredTool
from .calling import Calls, open_calls
from .check import Check, Finding, Grade, NotApplicable
from .example_calls import example_calls
from .fuzzing import hostile_findings, valid_findings
from .generating import require_hypothesis
from .ownership import OwnFiles
from .subject import Subject

__all__ = ["CHECKS"]

Finder: TypeAlias = Callable[[Calls, RegisteredTool, OwnFiles, Path], Awaitable[Mapping[str, Finding]]]
_TOLD = "faults of arguments"
"""Faults that a check of this plugin has told already: the other one does not tell them again."""


async def _valid(subject: Subject) -> Sequence[Finding]:
    return await _each_tool(subject, valid_findings)


async def _hostile(subject: Subject) -> Sequence[Finding]:
    return await _each_tool(subject, hostile_findings)


async def _each_tool(subject: Subject, find: Finder) -> Sequence[Finding]:
    if not subject.tools:
        raise NotApplicable("it has no tools")
    require_hypothesis()
    await example_calls(subject)  # before any other call: what a tool then keeps, its examples do not read again
    own = OwnFiles.of(subject)
    told: set[str] = subject.shared.setdefault(_TOLD, set())
    findings: list[Finding] = []
    async with open_calls(subject.service.host, timeout=subject.settings.tool_timeout) as calls:
        for tool in subject.tools:
            found = await find(calls, tool, own, subject.room)
            findings += [finding for kind, finding in found.items() if kind not in told]
            told.update(found)
    return findings


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
