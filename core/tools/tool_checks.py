"""What would keep a tool from working, told in words that name the function and what to write instead."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from ..effects import Effect
from ..errors import ConfigurationError
from .signature import function_label

__all__ = ["check_declarations", "check_function", "is_wire_name"]

_WIRE_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def is_wire_name(value: object) -> bool:
    """Whether vendors take a name."""
    return isinstance(value, str) and _WIRE_NAME.fullmatch(value) is not None


def check_function(function: Any, name: object) -> None:
    """Check what a tool is made of.

    Raises:
        ConfigurationError: It is no function, or one of a kind that cannot be a tool.
    """
    if not callable(function) or inspect.isclass(function):
        raise ConfigurationError(f"The tool {name!r} is made of {function!r}; give a function.")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigurationError(
            f"The tool {function_label(function)} is a generator.", hint="Return a list instead of yielding."
        )


def check_declarations(
    function: Callable[..., Any],
    *,
    names: Mapping[str, object],
    timeout: object,
    description: object,
    effects: object,
    examples: object,
) -> None:
    """Check what an author says of a tool; whatever they gave, as they gave it.

    Args:
        function: What runs.
        names: The name and the key.
        timeout: Seconds, or None.
        description: What was given as such.
        effects: The declared effects.
        examples: The example calls.

    Raises:
        ConfigurationError: One of them cannot be used.
    """
    label = function_label(function)
    for what, value in names.items():
        if not is_wire_name(value):
            raise ConfigurationError(
                f"The tool {label} has the {what} {value!r}.",
                hint="Use 1 to 64 letters, digits, '_' and '-', e.g. @tool(name=\"roll_dice\").",
            )
    if not _is_timeout(timeout):
        raise ConfigurationError(f"The tool {label} has the timeout {timeout!r}; write seconds above 0.")
    if not isinstance(description, str):
        raise ConfigurationError(f"The tool {label} has a description that is no text.")
    if not _are_effects(effects):
        raise ConfigurationError(
            f"The tool {label} declares the effects {effects!r}.", hint=f"Give a list of any of: {', '.join(Effect)}."
        )
    if not isinstance(examples, Sequence) or not all(isinstance(example, Mapping) for example in examples):
        raise ConfigurationError(
            f"The tool {label} has the examples {examples!r}.",
            hint='Give a list of objects of arguments, e.g. examples=[{"sides": 6}].',
        )


def _are_effects(value: object) -> bool:
    return (
        isinstance(value, Collection) and not isinstance(value, str) and all(effect in list(Effect) for effect in value)
    )


def _is_timeout(value: object) -> bool:
    if value is None:
        return True
    return isinstance(value, (int, float)) and value > 0 and math.isfinite(value)
