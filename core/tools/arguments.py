"""The arguments of a call: from the model's text to what the function gets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import msgspec

from ..jsontext import JsonError, JsonObject, loads

__all__ = ["ArgumentFaults", "ArgumentReader", "CheckedArguments", "parse_object", "path_text", "shortened"]

_MOST_FAULTS = 10
_LONGEST_FAULT = 200


class ArgumentFaults(ValueError):
    """Arguments that a tool does not take; the text lists the faults, each with its place, for the model to mend."""

    def __init__(self, faults: Sequence[str]) -> None:
        shown = [shortened(fault, _LONGEST_FAULT) for fault in faults[:_MOST_FAULTS]]
        if len(faults) > _MOST_FAULTS:
            shown.append(f"and {len(faults) - _MOST_FAULTS} more")
        super().__init__("; ".join(shown))


class CheckedArguments(msgspec.Struct, frozen=True):
    """Arguments that passed.

    Attributes:
        data: As plain JSON data; what hooks and events see. It holds what was given, not the defaults.
        values: What the function gets, by parameter; the context is not among them.
    """

    data: JsonObject
    values: dict[str, Any]


class ArgumentReader(Protocol):
    """Checks the arguments of one tool."""

    @property
    def schema(self) -> JsonObject:
        """The JSON schema that the model is shown."""
        ...

    @property
    def contexts(self) -> tuple[str, ...]:
        """Names of the parameters that get the context."""
        ...

    def read(self, data: JsonObject) -> CheckedArguments:
        """Check and convert.

        Raises:
            ArgumentFaults: They do not fit the schema.
        """
        ...


def parse_object(text: str) -> JsonObject:
    """Read the arguments as a model wrote them; no text at all means no arguments.

    Raises:
        JsonError: Not a JSON object; the text says what is wrong and quotes nothing of it.
    """
    if not text.strip():
        return {}
    value = loads(text)
    if not isinstance(value, dict):
        raise JsonError(f"expected an object, got {_json_kind(value)}")
    return value


def path_text(steps: Iterable[str | int]) -> str:
    """A place in the arguments, e.g. ``stops[2].city``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{shortened(step, 60)}" for step in steps)
    return text.removeprefix(".") or "arguments"


def _json_kind(value: object) -> str:
    if value is None:
        return "null"
    kinds = {list: "an array", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return kinds[type(value)]


def shortened(text: str, limit: int) -> str:
    """Text of a bounded length; what is left out shows as an ellipsis."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
