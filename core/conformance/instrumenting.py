"""Copies of tools whose functions run with something around them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from ..plugins.catalog import RegisteredTool

__all__ = ["instrumented", "runs_on_loop"]


def instrumented(
    registered: RegisteredTool,
    *,
    around: Callable[[], AbstractContextManager[Any]] | None = None,
    timeout: float | None = None,
) -> RegisteredTool:
    """Make a copy of a tool for the runner.

    Args:
        registered: The tool; it stays as it is.
        around: Makes what is around each run of the function, and of nothing else: hooks that are asked about the call
            are not the tool's doing.
        timeout: Seconds that a call of the copy may take; None for the tool's own.

    Returns:
        The copy.
    """
    tool = registered.tool
    if around is not None:
        tool = tool.with_function(_surrounded(tool.function, around))
    return replace(registered, tool=tool if timeout is None else tool.with_timeout(timeout))


def runs_on_loop(registered: RegisteredTool) -> bool:
    """Tell whether a tool's function runs on the event loop's thread.

    Args:
        registered: The tool.

    Returns:
        Whether it is async, or promises to be quick.
    """
    function = registered.tool.function
    called = getattr(function, "__call__", None)  # noqa: B004  (asks for the method of a callable object)
    return registered.tool.nonblocking or any(map(inspect.iscoroutinefunction, (function, called)))


def _surrounded(function: Callable[..., Any], around: Callable[[], AbstractContextManager[Any]]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004

        @functools.wraps(function)
        async def awaited(**values: Any) -> Any:
            with around():
                return await function(**values)

        return awaited

    @functools.wraps(function)
    def called(**values: Any) -> Any:
        with around():
            return function(**values)

    return called
