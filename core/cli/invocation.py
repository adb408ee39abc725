"""What one call of the command carries along: switches that any command takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

__all__ = ["Invocation", "debug_option"]

C = TypeVar("C", bound=Callable[..., Any])


@dataclass(slots=True)
class Invocation:
    """One call of the command.

    Attributes:
        debug: Whether to show tracebacks and all log records.
    """

    debug: bool = False


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
