"""Trying a tool with generated arguments in a world that refuses every effect."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema_rs

from ..jsontext import JsonError, JsonObject, dumps_text, loads
from ..plugins.catalog import RegisteredTool
from ..tools.errors import ToolErrorCode
from .calling import Answer, Calls
from .check import Finding
from .generating import draw
from .instrumenting import instrumented
from .ownership import OwnFiles
from .refusing import Refusal, is_network, refusal_behind, refusing

__all__ = ["hostile_findings", "valid_arguments", "valid_findings"]

_DRAWN = 50
_PATIENCE = 10.0
"""Seconds after which a tool is not tried any further: arguments that take it so long are a finding already."""


def valid_arguments(tool: RegisteredTool, count: int = _DRAWN) -> tuple[JsonObject, ...]:
    """Draw arguments that fit a tool's schema, its examples among them.

    Args:
        tool: The tool.
        count: The most that are drawn.

    Returns:
        Different ones, small ones first.
    """
    from .strategies import Values

    fits = _validator(tool).is_valid
    examples = [example for example in tool.tool.examples if fits(example)]
    drawn = draw(lambda: Values(tool.tool.parameters, examples).whole(), count)
    different = {dumps_text(value): value for value in (*examples, *drawn)}
    return tuple(different[text] for text in sorted(different, key=len))


async def valid_findings(calls: Calls, tool: RegisteredTool, own: OwnFiles, scratch: Path) -> dict[str, Finding]:
    """Call a tool with arguments that fit its schema.

    Args:
        calls: What makes the calls.
        tool: The tool.
        own: The plugin's files.
        scratch: Where it may write.

    Returns:
        One finding of each kind, with the smallest arguments that show it, by what tells the kinds apart.
    """
    found: dict[str, Finding] = {}
    values = valid_arguments(tool)
    if not values:
        found[f"{tool.id}: none"] = Finding(
            subject=tool.id,
            text=f"nothing fits the schema of {tool.id}",
            remedy="Look for parts of the schema that contradict each other.",
        )
    async for value, answer in _answers(calls, tool, values, scratch):
        shown = _shown(dumps_text(value))
        if answer.refused:
            found.setdefault(
                f"{tool.id}: refused",
                Finding(
                    subject=tool.id,
                    text=f"{tool.id} refuses arguments that fit its schema: {shown}: {answer.outcome.error_message}",
                    remedy="Say in the schema what it takes (enum, pattern, minimum …), or take the arguments and "
                    "raise ToolError.",
                ),
            )
        _note_failure(found, tool, answer, shown, own)
    return found


async def hostile_findings(calls: Calls, tool: RegisteredTool, own: OwnFiles, scratch: Path) -> dict[str, Finding]:
    """Call a tool with arguments that nobody should send.

    Args:
        calls: What makes the calls.
        tool: The tool.
        own: The plugin's files.
        scratch: Where it may write.

    Returns:
        One finding of each kind, by what tells the kinds apart.
    """
    from .hostile import hostile_calls

    found: dict[str, Finding] = {}
    fits = _validator(tool).is_valid
    valid = valid_arguments(tool, 10)
    made = list(hostile_calls(tool.tool.parameters, max(valid, key=len) if valid else {}))
    async for raw, answer in _answers(calls, tool, [call.raw for call in made], scratch):
        what = next(call.what for call in made if call.raw == raw)
        if not answer.refused and not _may_pass(raw, answer, fits):
            found.setdefault(
                f"{tool.id}: taken",
                Finding(
                    subject=tool.id,
                    text=f"{tool.id} takes arguments that do not fit its schema: {what}",
                    remedy="Let @tool or Tool check the arguments; an ArgumentReader of your own must be as strict.",
                ),
            )
        _note_failure(found, tool, answer, f"{what} ({_shown(raw)})", own)
    return found


async def _answers(
    calls: Calls, tool: RegisteredTool, arguments: Sequence[Any], scratch: Path
) -> AsyncIterator[tuple[Any, Answer]]:
    patient = tool if tool.tool.timeout is not None and tool.tool.timeout < _PATIENCE else None
    tried = instrumented(
        tool, around=functools.partial(refusing, scratch), timeout=None if patient is not None else _PATIENCE
    )
    for value in arguments:
        answer = await calls.call(tried, value)
        yield value, answer
        if answer.outcome.error is ToolErrorCode.TIMEOUT:
            return


def _note_failure(found: dict[str, Finding], tool: RegisteredTool, answer: Answer, shown: str, own: OwnFiles) -> None:
    error, outcome = answer.unexpected, answer.outcome
    if error is not None:
        _note_exception(found, tool, error, shown, own)
    elif outcome.error is ToolErrorCode.TIMEOUT:
        found.setdefault(
            f"{tool.id}: slow",
            Finding(
                subject=tool.id,
                text=f"{tool.id} had no answer within {answer.seconds:.0f} s, called with {shown}",
                remedy="Bound the size of what it takes (maxLength, maximum …), or the work that it does.",
            ),
        )
    elif outcome.error is ToolErrorCode.RESULT_NOT_SERIALISABLE:
        found.setdefault(
            f"{tool.id}: unserialisable",
            Finding(
                subject=tool.id,
                text=f"{tool.id} gave a result that cannot be sent, called with {shown}: {outcome.error_message}",
                remedy="Return text, or what JSON has a form for.",
            ),
        )


def _note_exception(
    found: dict[str, Finding], tool: RegisteredTool, error: BaseException, shown: str, own: OwnFiles
) -> None:
    refusal = refusal_behind(error)
    if refusal is not None and not is_network(refusal):
        return  # files and programs are there in real life: this is the check's own doing
    # without a network the same line lets out one error for names and another one for addresses
    name = next(kind.__name__ for kind in type(error).__mro__ if not issubclass(kind, Refusal))
    where = own.line_of(error)
    text = f"{tool.id} let {name} out{f' at {where}' if where else ''}, called with {shown}"
    remedy = "Catch it and raise ToolError with words for the model"
    if refusal is not None:
        remedy = f"{remedy}: the network was refused, as it is down at times."
    else:
        remedy = f"{remedy}, or narrow the schema."
    kind = f"{tool.id}: {name if refusal is None else 'no network'} at {where}"
    found.setdefault(kind, Finding(subject=tool.id, text=text, remedy=remedy))


def _may_pass(raw: str, answer: Answer, fits: Any) -> bool:
    """Whether arguments were rightly taken: they fit, or what became of them without loss does (5 of "5")."""
    converted = answer.outcome.arguments
    try:
        given = loads(raw) if raw.strip() else {}
    except JsonError:
        return False
    return bool(fits(given)) or (converted is not None and bool(fits(dict(converted))))


def _validator(tool: RegisteredTool) -> Any:
    return jsonschema_rs.validator_for(tool.tool.parameters, validate_formats=False)


def _shown(text: str) -> str:
    plain = text.encode("unicode_escape").decode()
    return plain if len(plain) <= 200 else f"{plain[:160]}… ({len(plain):,} characters)"
