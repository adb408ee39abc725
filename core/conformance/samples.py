"""Calls of a tool that do no harm, for checks that make many: where a call has a price, in a world that refuses."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from ..jsontext import JsonObject
from ..plugins.catalog import RegisteredTool
from .example_calls import has_effects
from .fuzzing import valid_arguments
from .generating import require_hypothesis
from .instrumenting import instrumented
from .refusing import refusing
from .subject import Subject

__all__ = ["harmless_calls"]


async def harmless_calls(subject: Subject, tool: RegisteredTool) -> tuple[RegisteredTool, Sequence[JsonObject]]:
    """Give what to call a tool with as often as one likes.

    Args:
        subject: Its plugin.
        tool: The tool.

    Returns:
        The tool and its examples. Of a tool that has effects, a copy for which they are refused; of one without
        examples, such a copy and arguments drawn from its schema.
    """
    refused = instrumented(tool, around=functools.partial(refusing, subject.room))
    if tool.tool.examples:
        return refused if await has_effects(subject, tool) else tool, tool.tool.examples
    require_hypothesis()
    return refused, valid_arguments(tool, 5)[:3]
