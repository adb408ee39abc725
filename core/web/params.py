"""Checks of single request parameters: each takes a value and its name, and refuses what the protocol does not know."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from ..errors import BadRequest

__all__ = ["OPTIONS", "Check", "boolean", "integer", "legal_name", "number", "object_with", "temperature"]

Check: TypeAlias = Callable[[object, str], None]
"""Takes a value that is not null and the name to call it by; raises BadRequest."""

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_INT64: Final = 2**63


def refuse(where: str, must: str) -> BadRequest:
    """The refusal of one parameter."""
    return BadRequest(f"'{where}' must be {must}.", param=where)


def boolean(value: object, where: str) -> None:
    """Take true and false."""
    if not isinstance(value, bool):
        raise refuse(where, "true or false")


def number(low: float, high: float) -> Check:
    """Take a number in a range, both ends included."""

    def check(value: object, where: str) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise refuse(where, f"a number from {low:g} to {high:g}")

    return check


def integer(low: int, high: int = _INT64 - 1) -> Check:
    """Take a whole number in a range, both ends included."""

    def check(value: object, where: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise refuse(where, f"a whole number from {low} to {high}")

    return check


temperature: Final[Check] = number(0, 2)
"""Takes a temperature."""


def text(value: object, where: str) -> None:
    """Take text."""
    if not isinstance(value, str):
        raise refuse(where, "text")


def array(value: object, where: str) -> None:
    """Take a list."""
    if not isinstance(value, list):
        raise refuse(where, "a list")


def object_with(value: object, where: str, *names: str) -> Mapping[str, Any]:
    """Take an object that has some members that are text.

    Returns:
        The object.
    """
    if not isinstance(value, dict):
        raise refuse(where, "an object")
    for name in names:
        if not isinstance(value.get(name), str):
            raise BadRequest(f"'{where}' must have '{name}', a text.", param=f"{where}.{name}")
    return value


def legal_name(value: object, where: str) -> str:
    """Take the name of a function or tool.

    Returns:
        The name.
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise refuse(where, "a name of 1 to 64 letters, digits, '_' and '-'")
    return value


def one_of(choices: Collection[str], value: object, where: str) -> None:
    """Take one of some texts."""
    if not isinstance(value, str) or value not in choices:
        raise refuse(where, f"one of {', '.join(sorted(choices))}")


def _object(value: object, where: str) -> None:
    object_with(value, where)


def _texts(value: object, where: str) -> None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise refuse(where, "a list of texts")


def _stop(value: object, where: str) -> None:
    if isinstance(value, str):
        return
    _texts(value, where)
    if isinstance(value, list) and len(value) > 4:
        raise refuse(where, "a text or a list of up to 4 texts")


def _logit_bias(value: object, where: str) -> None:
    for token, bias in object_with(value, where).items():
        number(-100, 100)(bias, f"{where}.{token}")


def _metadata(value: object, where: str) -> None:
    for key, item in object_with(value, where).items():
        text(item, f"{where}.{key}")


def _response_format(value: object, where: str) -> None:
    form = object_with(value, where, "type")
    one_of(("text", "json_object", "json_schema"), form["type"], f"{where}.type")
    if form["type"] == "json_schema":
        schema = object_with(form.get("json_schema"), f"{where}.json_schema")
        legal_name(schema.get("name"), f"{where}.json_schema.name")
        if schema.get("schema") is not None:
            _object(schema["schema"], f"{where}.json_schema.schema")


def _functions(value: object, where: str) -> None:
    if not isinstance(value, list) or not value:
        raise refuse(where, "a list of functions")
    for place, item in enumerate(value):
        legal_name(object_with(item, f"{where}[{place}]").get("name"), f"{where}[{place}].name")


def _function_call(value: object, where: str) -> None:
    if isinstance(value, str):
        one_of(("none", "auto"), value, where)
    else:
        legal_name(object_with(value, where).get("name"), f"{where}.name")


OPTIONS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        "audio": _object,
        "frequency_penalty": number(-2, 2),
        "function_call": _function_call,
        "functions": _functions,
        "logit_bias": _logit_bias,
        "logprobs": boolean,
        "metadata": _metadata,
        "modalities": _texts,
        "moderation": _object,
        "n": integer(1, 128),
        "parallel_tool_calls": boolean,
        "prediction": _object,
        "presence_penalty": number(-2, 2),
        "prompt_cache_key": text,
        "prompt_cache_options": _object,
        "prompt_cache_retention": text,
        "reasoning_effort": text,
        "response_format": _response_format,
        "safety_identifier": text,
        "seed": integer(-_INT64),
        "service_tier": text,
        "stop": _stop,
        "store": boolean,
        "top_logprobs": integer(0, 20),
        "top_p": number(0, 1),
        "user": text,
        "verbosity": text,
        "web_search_options": _object,
    }
)
"""Parameters that are passed on as they are, once checked. Those that stand nowhere here are passed on unchecked."""
