"""The tools that a caller brings, and which of them it wants called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BadRequest
from ..jsontext import JsonObject
from ..turn.request import ToolChoice
from .params import array, boolean, legal_name, object_with, one_of, text

__all__ = ["check_tool_choice", "check_tools"]

_MODES = frozenset({"none", "auto", "required"})
_MOST = 128


def check_tools(value: object) -> tuple[JsonObject, ...]:
    """Check what a caller sent as ``tools``.

    Returns:
        The tools, unchanged; none for null and for an empty list.

    Raises:
        BadRequest: Not a list of tools, too many, or two of one name.
    """
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BadRequest("'tools' must be a list of tools.", param="tools")
    if len(value) > _MOST:
        raise BadRequest(f"'tools' holds {len(value)} tools; at most {_MOST} are taken.", param="tools")
    places: dict[str, int] = {}
    for place, tool in enumerate(value):
        where = f"tools[{place}]"
        name = _check_tool(tool, where)
        if name in places:
            raise BadRequest(f"'{where}' has the name {name!r} of 'tools[{places[name]}]'.", param=where)
        places[name] = place
    return tuple(value)


def _check_tool(value: object, where: str) -> str:
    tool = object_with(value, where, "type")
    kind = tool["type"]
    one_of(("function", "custom"), kind, f"{where}.type")
    body = object_with(tool.get(kind), f"{where}.{kind}")
    if body.get("description") is not None:
        text(body["description"], f"{where}.{kind}.description")
    if kind == "function":
        _check_function(body, f"{where}.function")
    return legal_name(body.get("name"), f"{where}.{kind}.name")


def _check_function(body: Mapping[str, Any], where: str) -> None:
    if body.get("parameters") is not None:
        object_with(body["parameters"], f"{where}.parameters")
    if body.get("strict") is not None:
        boolean(body["strict"], f"{where}.strict")


def check_tool_choice(value: object) -> ToolChoice | None:
    """Check the form of what a caller sent as ``tool_choice``.

    Whether the tool that it names exists is the engine's to say: it may be one of a plugin's.

    Returns:
        The choice, unchanged.

    Raises:
        BadRequest: None of the forms that the protocol knows.
    """
    if value is None:
        return None
    if isinstance(value, str):
        one_of(_MODES, value, "tool_choice")
        return value
    choice = object_with(value, "tool_choice", "type")
    one_of(("function", "custom", "allowed_tools"), choice["type"], "tool_choice.type")
    if choice["type"] == "allowed_tools":
        _check_allowed(choice.get("allowed_tools"), "tool_choice.allowed_tools")
    else:
        _check_named(choice, "tool_choice")
    return choice


def _check_allowed(value: object, where: str) -> None:
    allowed = object_with(value, where)
    one_of(("auto", "required"), allowed.get("mode"), f"{where}.mode")
    array(allowed.get("tools"), f"{where}.tools")
    for place, tool in enumerate(allowed["tools"]):
        _check_named(tool, f"{where}.tools[{place}]")


def _check_named(value: object, where: str) -> None:
    """A tool by its type and name, as a choice names it."""
    tool = object_with(value, where, "type")
    kind = tool["type"]
    one_of(("function", "custom"), kind, f"{where}.type")
    legal_name(object_with(tool.get(kind), f"{where}.{kind}").get("name"), f"{where}.{kind}.name")
