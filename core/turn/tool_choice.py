"""The caller's ``tool_choice``: what it names, whether it can be honoured, and what is left of it in each round."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..errors import BadRequest
from ..jsontext import JsonObject
from .request import ToolChoice

__all__ = ["check_tool_choice", "choice_for_round", "forces_one_of", "tool_name"]

_NAMED = frozenset({"function", "custom"})


def tool_name(tool: Mapping[str, object]) -> str:
    """The wire name of a tool, or of the tool that a choice names, in OpenAI's form; empty when there is none."""
    inner = tool.get(str(tool.get("type")))
    name = inner.get("name") if type(inner) is dict or isinstance(inner, Mapping) else None
    return name if isinstance(name, str) else ""


def check_tool_choice(choice: ToolChoice | None, names: Collection[str]) -> None:
    """Refuse a choice that nothing can fulfil.

    Args:
        choice: The caller's choice.
        names: Wire names of all tools that the model will see.

    Raises:
        BadRequest: It asks for a tool when there is none, or names one that is not presented.
    """
    if choice == "required" and not names:
        raise BadRequest("'tool_choice' is 'required', but there is no tool to choose.", param="tool_choice")
    if isinstance(choice, Mapping) and choice.get("type") in _NAMED and tool_name(choice) not in names:
        known = ", ".join(sorted(names)) or "none"
        raise BadRequest(
            f"'tool_choice' names the tool {tool_name(choice)!r}; presented are: {known}.", param="tool_choice"
        )


def forces_one_of(choice: ToolChoice | None, tools: Sequence[JsonObject]) -> bool:
    """Whether a choice names one of the caller's tools, or says "required" of the list that the caller knows."""
    if not tools:
        return False
    if isinstance(choice, Mapping) and choice.get("type") in _NAMED:
        return tool_name(choice) in {tool_name(tool) for tool in tools}
    return _is_required(choice)


def choice_for_round(choice: ToolChoice | None, number: int) -> ToolChoice:
    """What the choice says in a round.

    A forced choice binds the first round only: the model could never answer if it had to call a tool in every one.

    Args:
        choice: The caller's choice.
        number: Number of the round, from 1.
    """
    if choice is None:
        return "auto"
    if number == 1:
        return choice
    if isinstance(choice, Mapping) and choice.get("type") == "allowed_tools":
        allowed: dict[str, Any] = {**(choice.get("allowed_tools") or {}), "mode": "auto"}
        return {**choice, "allowed_tools": allowed} if _is_required(choice) else choice
    return "auto" if isinstance(choice, Mapping) or choice == "required" else choice


def _is_required(choice: ToolChoice | None) -> bool:
    if isinstance(choice, Mapping):
        return (choice.get("allowed_tools") or {}).get("mode") == "required"
    return choice == "required"
