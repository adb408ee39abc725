"""What one call of the command carries along: switches that any command takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    import asyncio

__all__ = ["Invocation", "debug_option", "strict_option"]

C = TypeVar("C", bound=Callable[..., Any])


class Invocation:
    """One call of the command.

    Args:
        debug: Whether to show tracebacks and all log records.

    Attributes:
        debug: As given, or as said since.
        unfinished: The event loop's runner when code of plugins does not end in it: kept, since what is destroyed
            in the middle of its work complains.
    """

    def __init__(self, *, debug: bool = False) -> None:
        self.debug = debug
        self.unfinished: asyncio.Runner | None = None


def _remember(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    if value:
        ctx.ensure_object(Invocation).debug = True
    return value


def debug_option(command: C) -> C:
    """Add ``--debug``, which may stand before or after the command's name."""
    return click.option(
        "--debug",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_remember,
        help="Show tracebacks and all log records.",
    )(command)


def strict_option(command: C) -> C:
    """Add ``--strict``, which means the same as ``PROMPTDOCK_STRICT=true``."""
    return click.option("--strict", is_flag=True, help="Exit with 1 when a plugin is quarantined.")(command)
