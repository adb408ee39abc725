"""Calls of a tool that are known to be harmless: its examples, or else generated ones in a world that refuses."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from ..jsontext import JsonObject
from ..plugins.catalog import RegisteredTool
from .fuzzing import valid_arguments
from .generating import require_hypothesis
from .instrumenting import instrumented
from .refusing import refusing
from .subject import Subject

__all__ = ["sample_calls"]


def sample_calls(subject: Subject, tool: RegisteredTool) -> tuple[RegisteredTool, Sequence[JsonObject]]:
    """Give what to call a tool with.

    Args:
        subject: Its plugin.
        tool: The tool.

    Returns:
        The tool and its examples. Of a tool that has none, a copy whose effects are refused and arguments drawn from
        its schema.
    """
    if tool.tool.examples:
        return tool, tool.tool.examples
    require_hypothesis()
    scratch = subject.scratch / "samples"
    scratch.mkdir(exist_ok=True)
    return instrumented(tool, around=functools.partial(refusing, scratch)), valid_arguments(tool, 5)[:3]
